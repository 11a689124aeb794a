"""The checkout of the repository, where there is one: the parts of the suite that need more than the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quartermaster.bench.children import listen

SCRIPTS = {"smoke": (), "standard": ("special_cases",), "full": ("special_cases", "deadlines --full")}
"""Scripts of ``benchmarks`` that belong to each suite, with their options; each writes a results file of its own."""
SCRIPT_SECONDS = 7_200.0
"""Time after which a script is ended."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout that holds ``benchmarks/``.

    Parameters
    ----------
    root
        Its root.
    """

    root: Path

    @property
    def results(self) -> Path:
        """Folder of the results."""
        return self.root / "benchmarks" / "results"

    def run(self, script: str) -> str:
        """Run a script to its end; return why it failed, empty when it did not.

        Parameters
        ----------
        script
            Module of ``benchmarks`` and its options.
        """
        module, *options = script.split()
        if not (self.root / "benchmarks" / f"{module}.py").is_file():
            return f"benchmarks/{module}.py is not there"
        return listen(f"benchmarks.{module}", options, folder=self.root, allow=SCRIPT_SECONDS).error


def find_checkout() -> Checkout | None:
    """Find the checkout that this package runs from, or the one that is the current folder."""
    for root in (Path(__file__).resolve().parents[3], Path.cwd()):
        if (root / "benchmarks" / "real_day.py").is_file():
            return Checkout(root)
    return None

"""The bad-input catalogue as files: each case laid over the good input, with what is expected of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "bad_inputs"
CASES = sorted(path.name for path in HERE.iterdir() if (path / "expected.json").exists())
"""Names of the cases; each begins with its row of the catalogue."""


def laid_out(case: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Build the input of a case in a folder; return the path to read and what is expected.

    Parameters
    ----------
    case
        One of `CASES`.
    folder
        Made; not used where the case is one document.
    """
    expected = json.loads((HERE / case / "expected.json").read_text(encoding="utf-8"))
    if (HERE / case / "document.json").exists():
        return HERE / case / "document.json", expected
    shutil.copytree(HERE / "good", folder)
    for path in (HERE / case).iterdir():
        if path.name != "expected.json":
            shutil.copyfile(path, folder / path.name)
    for name in expected.get("remove", ()):
        (folder / name).unlink()
    return folder, expected

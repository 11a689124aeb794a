"""How large a demo is, what limits that, and its independent streams of randomness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quartermaster.demo.published import places
from quartermaster.errors import InputError, Problem

MAX_ORDERS = 1_000_000
"""Most orders of a demo."""
MAX_SKUS = 100_000
"""Most SKUs of a demo."""
MAX_SEED = 2**63 - 1
"""Largest seed."""
_STREAMS = ("products", "nodes", "orders", "lines", "scarce", "stock", "rules")


@dataclass(frozen=True, slots=True)
class Size:
    """The wanted size of a demo.

    Parameters
    ----------
    orders, nodes, skus
        How many of each, >= 1; at most so many nodes as there are places in the package.
    scarce
        Share of the SKUs whose total stock is near their demand, from 0 to 1.
    seed
        Seed, >= 0.

    Raises
    ------
    InputError
        If a figure is out of its range; carries every problem.
    """

    orders: int
    nodes: int
    skus: int
    scarce: float
    seed: int

    def __post_init__(self) -> None:
        ranges = {
            "orders": (1, MAX_ORDERS),
            "nodes": (1, sum(len(places(kind)) for kind in ("dc", "vendor", "store"))),
            "skus": (1, MAX_SKUS),
            "scarce": (0, 1),
            "seed": (0, MAX_SEED),
        }
        problems = []
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            kinds = (int, float, np.integer, np.floating) if name == "scarce" else (int, np.integer)
            if isinstance(value, bool) or not isinstance(value, kinds):
                what = "a number" if name == "scarce" else "a whole number"
                problems.append(Problem("type", f"must be {what}", "demo", None, name, ascii(value)[:64]))
            elif not low <= value <= high:
                problems.append(
                    Problem("out_of_range", f"must be from {low} to {high}", "demo", None, name, str(value)[:64])
                )
        if problems:
            raise InputError(problems)

    def kinds(self) -> dict[str, int]:
        """How many nodes of each kind: about one in eight is a distribution centre, a vendor or two stand beside."""
        vendors = min(len(places("vendor")), (self.nodes + 14) // 30)
        centres = min(len(places("dc")), max(1, round(self.nodes / 8)))
        # A network of nearly every place runs out of stores first; the other kinds take the rest.
        stores = min(len(places("store")), self.nodes - centres - vendors)
        vendors = min(len(places("vendor")), self.nodes - centres - stores)
        return {"dc": self.nodes - vendors - stores, "vendor": vendors, "store": stores}

    def stream(self, name: str) -> np.random.Generator:
        """Return the source of randomness of one part; parts do not disturb each other.

        Parameters
        ----------
        name
            The part: products, nodes, orders, lines, scarce, stock or rules.
        """
        return np.random.default_rng([int(self.seed), _STREAMS.index(name)])

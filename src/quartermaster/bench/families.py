"""The instance families by name: sizes, how scarce they are, time limits, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass

from quartermaster.policy import RULES


@dataclass(frozen=True, slots=True)
class Aim:
    """What a family is meant to reach on two cores; the table marks what is missed.

    Parameters
    ----------
    gap
        Largest gap, as a fraction: the certified one, or the solver's where `by_solver`.
    seconds
        Wall clock of the planning run.
    memory_mb
        Peak memory in 10^6 bytes; 0 = none stated.
    by_solver
        Whether a gap that only the solver claims will do.
    """

    gap: float
    seconds: float
    memory_mb: float = 0
    by_solver: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """One family of instances.

    Parameters
    ----------
    name
        Name in results and tables.
    orders, nodes, skus
        Its size.
    scarce
        Share of SKUs whose stock is near the demand.
    opening_cost
        Money paid once for each node that ships anything.
    capacity
        Share of nodes with a limit on shipments, of about a fair share of the orders.
    time_limit_seconds
        Wall clock of one planning run.
    deep
        Share of nodes that are distribution centres.
    deep_carries, store_carries
        Share of the SKUs that a distribution centre, a store has in its assortment.
    parquet
        Write the snapshot as Parquet in place of CSV.
    rules
        Named rules measured beside the optimum.
    aim
        What it is meant to reach; None = nothing stated.
    """

    name: str
    orders: int
    nodes: int
    skus: int
    scarce: float
    opening_cost: int = 0
    capacity: float = 0.2
    time_limit_seconds: int = 60
    deep: float = 0.1
    deep_carries: float = 0.8
    store_carries: float = 0.25
    parquet: bool = False
    rules: tuple[str, ...] = RULES
    aim: Aim | None = None

    @property
    def group(self) -> str:
        """The size without the kind: ``M`` of ``M-typical``."""
        return self.name.removesuffix("-typical").removesuffix("-scarce")


def _xl(name: str, scarce: float, aim: Aim | None) -> Family:
    """A network of a thousand nodes: 50 centres carry 60 % of the SKUs each, 950 stores 3 %: 5.9 million stock rows.

    A store of a network like that holds some thousand articles of a hundred thousand; 30 % of the pairs, as in the
    small families, would be 30 million rows, which no such network has.
    """
    return Family(
        name,
        1_000_000,
        1_000,
        100_000,
        scarce,
        time_limit_seconds=1_500,
        deep=0.05,
        deep_carries=0.6,
        store_carries=0.03,
        parquet=True,
        rules=(),
        aim=aim,
    )


_LARGE_RULES = ("cheapest", "nearest")
_S_AIM = Aim(1e-4, 10, by_solver=True)

FAMILIES = {
    family.name: family
    for family in (
        Family("tiny", 30, 6, 20, 0.2, time_limit_seconds=10),
        Family("S-typical", 200, 20, 150, 0.05, time_limit_seconds=10, aim=_S_AIM),
        Family("S-scarce", 200, 20, 150, 0.2, time_limit_seconds=10, aim=_S_AIM),
        Family("S-opening", 200, 20, 150, 0.2, opening_cost=40, time_limit_seconds=20),
        Family("M2", 2_000, 50, 800, 0.2, time_limit_seconds=60),
        Family("M-typical", 10_000, 100, 3_000, 0.05, time_limit_seconds=30, aim=Aim(0.003, 30, 2_000)),
        Family("M-scarce", 10_000, 100, 3_000, 0.2, time_limit_seconds=60, aim=Aim(0.008, 60, 2_000)),
        Family(
            "L-typical",
            100_000,
            200,
            10_000,
            0.05,
            time_limit_seconds=300,
            parquet=True,
            rules=_LARGE_RULES,
            aim=Aim(0.01, 300, 8_000),
        ),
        Family(
            "L-scarce",
            100_000,
            200,
            10_000,
            0.2,
            time_limit_seconds=300,
            parquet=True,
            rules=_LARGE_RULES,
            aim=Aim(0.02, 300, 8_000),
        ),
        _xl("XL-typical", 0.05, Aim(0.03, 2_700, 18_000)),
        _xl("XL-scarce", 0.2, None),
    )
}
"""Every family by name."""
SUITES: dict[str, dict[str, tuple[int, ...]]] = {
    "smoke": {"tiny": (1,), "S-typical": (1,)},
    "standard": {
        **dict.fromkeys(("S-typical", "S-scarce", "S-opening", "M2", "M-typical", "M-scarce"), (1, 2, 3)),
        "L-typical": (1,),
        "L-scarce": (1,),
    },
}
"""Seeds by family of each suite."""
SUITES["full"] = {**SUITES["standard"], "XL-typical": (1,)}


def families_named(names: list[str]) -> list[Family]:
    """Find families by name or by size: ``M`` is ``M-typical`` and ``M-scarce``.

    Parameters
    ----------
    names
        As typed.

    Raises
    ------
    KeyError
        With the first name that is neither.
    """
    found: dict[str, Family] = {}
    for name in names:
        chosen = [family for family in FAMILIES.values() if name in (family.name, family.group)]
        if not chosen:
            raise KeyError(name)
        found.update((family.name, family) for family in chosen)
    return list(found.values())

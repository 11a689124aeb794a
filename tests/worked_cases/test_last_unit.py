"""Two orders, one unit left near both: the one whose alternative is dearer gets it, whatever the order of the rows."""

from __future__ import annotations

from itertools import permutations

import pytest
from simple_day import CHICAGO, LOS_ANGELES, NEW_YORK, NEWARK, sent, short, simple_day

import quartermaster as qm
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot

ROWS = list(permutations(("patient", "pressed")))


def two_orders(names: tuple[str, ...], *, alternative: bool) -> Snapshot:
    """``patient`` may be served from Chicago too; ``pressed`` only from Los Angeles, which costs more."""
    other = {"patient": "chicago", "pressed": "los angeles"}
    place = {"patient": NEW_YORK, "pressed": NEWARK}
    return simple_day(
        orders=[Order(order_id=name, **place[name]) for name in names],
        lines=[
            OrderLine(order_id=name, line_id="1", sku="lamp", quantity=1, allowed_nodes=("near", other[name]))
            for name in names
        ],
        nodes=[
            Node(node_id="near", **NEWARK),
            Node(node_id="chicago", **CHICAGO),
            Node(node_id="los angeles", **LOS_ANGELES),
        ],
        stock={("near", "lamp"): 1, ("chicago", "lamp"): 1, ("los angeles", "lamp"): 1 if alternative else 0},
    )


@pytest.mark.parametrize("names", ROWS)
def test_the_dearer_alternative_wins(names: tuple[str, ...]) -> None:
    plan = qm.plan(two_orders(names, alternative=True))
    assert sent(plan.allocations) == {("pressed", "1", "near"): 1, ("patient", "1", "chicago"): 1}
    assert plan.backorders.empty
    assert plan.objective.total == 5 + 8


@pytest.mark.parametrize("names", ROWS)
def test_no_alternative_is_the_dearest(names: tuple[str, ...]) -> None:
    plan = qm.plan(two_orders(names, alternative=False))
    assert sent(plan.allocations) == {("pressed", "1", "near"): 1, ("patient", "1", "chicago"): 1}


@pytest.mark.parametrize("names", ROWS)
@pytest.mark.parametrize("loser", ["patient", "pressed"])
def test_the_other_says_stock_taken(names: tuple[str, ...], loser: str) -> None:
    """With one unit in all, the order that costs more to disappoint gets it."""
    snapshot = simple_day(
        orders=[Order(order_id=name, **NEW_YORK, priority=1 if name != loser else 0) for name in names],
        lines=[OrderLine(order_id=name, line_id="1", sku="lamp", quantity=1) for name in names],
        nodes=[Node(node_id="near", **NEWARK)],
        stock={("near", "lamp"): 1},
    )
    plan = qm.plan(snapshot)
    winner = next(name for name in names if name != loser)
    assert sent(plan.allocations) == {(winner, "1", "near"): 1}
    assert short(plan.backorders) == {(loser, "1"): (1, "stock_taken")}

"""More of anything never costs more: stock, capacity, nodes, services, freedom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from instance_features import EDITS, Case, with_rows, with_tables
from instances import tiny_instance

import quartermaster as qm
from quartermaster.domain.carriers import Rate, Service, Transit
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy

SEEDS = range(2000, 2100)
ENOUGH = 6
"""Instances that each test is to see."""
RELAXING = (
    "scarce stock", "safety stock", "reserved stock", "allocations that stand", "node shipment capacity",
    "node unit capacity", "opening cost",
    "disabled nodes", "handling per shipment", "handling per unit", "fuel", "residential surcharge",
    "services of some nodes", "service levels", "promise dates", "ship_complete", "line_complete", "pinned nodes",
    "allowed nodes", "excluded nodes", "radius", "max_shipments of the policy", "extra_shipment", "priorities",
    "backorder cost of orders", "distance cost of shipments", "distance cost of units", "late priced",
)  # fmt: skip
"""Edits of `instance_features` that only give more freedom or a lower price."""


def cost(case: Case) -> int:
    return qm.plan(*case).objective.total_micro


@pytest.mark.parametrize("feature", RELAXING)
def test_relaxing_never_costs_more(feature: str) -> None:
    changed = 0
    for seed in SEEDS:
        case = tiny_instance(seed)
        relaxed = EDITS[feature](*case)
        if relaxed[0] is not case[0] or relaxed[1] != case[1]:
            assert cost(relaxed) <= cost(case), f"tiny_instance({seed})"
            changed += 1
        if changed == ENOUGH:
            return
    pytest.fail(f"{feature} is drawn in {changed} instances only")


def one_unit_more(snapshot: Snapshot, rng: Random) -> Snapshot:
    position = rng.randrange(len(snapshot.inventory))
    rows = [replace(row, on_hand=row.on_hand + (index == position)) for index, row in enumerate(snapshot.inventory)]
    return with_rows(snapshot, "inventory", rows)


def one_node_more(snapshot: Snapshot, rng: Random) -> Snapshot:
    """Another node at the place of a first one, with stock of its own; it may be cheaper, and need not be used."""
    twin = rng.choice(list(snapshot.nodes))
    stock = [replace(row, node_id="zz new") for row in snapshot.inventory if row.node_id == twin.node_id]
    nodes = [*snapshot.nodes, replace(twin, node_id="zz new", enabled=True)]
    return with_tables(snapshot, nodes=nodes, inventory=[*snapshot.inventory, *stock])


def one_service_more(snapshot: Snapshot, rng: Random) -> Snapshot:
    """A new service of a carrier that is there, dear or cheap, in all of its zones."""
    if not len(snapshot.services):
        return snapshot
    carrier = rng.choice(list(snapshot.services)).carrier
    zones = sorted({zone.zone for zone in snapshot.zones if zone.carrier == carrier})
    price = Decimal(rng.choice((1, 7, 30)))
    known = {"carrier": carrier, "service": "new"}
    return with_tables(
        snapshot,
        services=[*snapshot.services, Service(**known, service_level="std")],
        rates=[*snapshot.rates, *(Rate(**known, zone=zone, max_weight_g=5000, price=price) for zone in zones)],
        transit=[*snapshot.transit, *(Transit(**known, zone=zone, days=2) for zone in zones)],
    )


@pytest.mark.parametrize("more", [one_unit_more, one_node_more, one_service_more])
def test_more_never_costs_more(more: Callable[[Snapshot, Random], Snapshot]) -> None:
    tried = cheaper = 0
    for seed in SEEDS:
        snapshot, policy = tiny_instance(seed)
        if not len(snapshot.inventory):
            continue
        before, after = cost((snapshot, policy)), cost((more(snapshot, Random(seed)), policy))
        assert after <= before, f"tiny_instance({seed})"
        tried, cheaper = tried + 1, cheaper + (after < before)
        if tried >= ENOUGH and cheaper:
            return
    pytest.fail("nothing ever became cheaper")


def test_a_cheaper_backorder_never_costs_more() -> None:
    for seed in SEEDS[:ENOUGH]:
        snapshot, policy = tiny_instance(seed)
        less: Policy = replace(policy, backorder=replace(policy.backorder, cost_per_unit=Decimal("0.25")))
        assert cost((snapshot, less)) <= cost((snapshot, policy)), f"tiny_instance({seed})"

"""Small sourcing problems written out by hand: one group per order, columns as they are listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from solver_models.lattice import lattice_of, lattice_weights
from solver_models.sourcing import UNLIMITED, SourcingArrays, order_group


@dataclass(frozen=True, slots=True)
class Wanted:
    """One order: units of each line, what a unit short costs, and its rules."""

    quantities: tuple[int, ...]
    backorder: int = 1000
    short: int = 0
    line_complete: bool = False
    order_complete: bool = False
    limit: int = UNLIMITED
    spared: tuple[int, ...] | None = None
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """One column: units of each line of an order from a node."""

    order: int
    node: int
    vector: tuple[int, ...]
    cost: int
    shipments: int = 1


@dataclass(frozen=True, slots=True)
class Shared:
    """One resource: what there is of it, and what each column takes (by column number)."""

    capacity: int
    taken: dict[int, int] = field(default_factory=dict)


def sourcing_problem(
    orders: Sequence[Wanted],
    ways: Sequence[Way],
    shared: Sequence[Shared] = (),
    *,
    extra: int = 0,
    opening: Sequence[int] = (0, 0, 0),
    once: bool = True,
) -> SourcingArrays:
    """Put a problem together; columns must be listed by (order, vector, node)."""
    number = [int(np.dot(lattice_weights(lattice_of(orders[way.order].quantities)), way.vector)) for way in ways]
    keys = [(way.order, at, way.node, way.shipments) for way, at in zip(ways, number, strict=True)]
    assert keys == sorted(keys), "columns out of order"
    usage = np.zeros((len(shared), len(ways)), dtype=np.int64)
    for row, resource in enumerate(shared):
        for column, units in resource.taken.items():
            usage[row, column] = units
    groups = []
    for order, wanted in enumerate(orders):
        own = [column for column, way in enumerate(ways) if way.order == order]
        lines = len(wanted.quantities)
        groups.append(
            order_group(
                lattice_of(wanted.quantities),
                wanted.limit,
                np.array([order]),
                np.full((1, lines), wanted.backorder),
                np.array([wanted.short]),
                np.full((1, lines), wanted.line_complete),
                np.array([wanted.order_complete]),
                own[0] if own else sum(way.order < order for way in ways),
                len(own),
                None if wanted.spared is None else np.array([wanted.spared]),
                wanted.beyond,
            )
        )
    return SourcingArrays(
        n_orders=len(orders),
        n_nodes=len(opening),
        groups=tuple(groups),
        column_order=np.array([way.order for way in ways], dtype=np.int64),
        column_node=np.array([way.node for way in ways], dtype=np.int64),
        column_vector=np.array(number, dtype=np.int64),
        column_shipments=np.array([way.shipments for way in ways], dtype=np.int64),
        column_once=np.full(len(ways), once),
        column_cost=np.array([way.cost for way in ways], dtype=np.int64),
        extra_shipment=extra,
        usage=sparse.csc_array(usage),
        capacity=np.array([resource.capacity for resource in shared], dtype=np.int64),
        opening=np.array(opening, dtype=np.int64),
    )

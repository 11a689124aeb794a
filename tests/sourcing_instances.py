"""Random sourcing problems, small enough to list every option, over all features of the model.

Built cell by cell in plain Python, on purpose unlike the vectorised code under test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy import sparse

from solver_models.lattice import lattice_of
from solver_models.sourcing import INFEASIBLE, UNLIMITED, OrderGroup, SourcingArrays, order_group


@dataclass(frozen=True, slots=True)
class Size:
    """Most of each kind that a random problem may have."""

    orders: int = 3
    nodes: int = 3
    lines: int = 2
    units: int = 2
    skus: int = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column before it has a number."""

    order: int
    node: int
    vector: tuple[int, ...]
    shipments: int
    cost: int


def random_sourcing(
    seed: int,
    size: Size = Size(),
    *,
    pooled: bool = False,
    ample: bool = False,
    limits: bool = True,
    opening: bool = True,
) -> SourcingArrays:
    """Draw a problem.

    Parameters
    ----------
    seed
        The same seed gives the same problem.
    size
        How large it may be.
    pooled
        True draws only nodes that need no watching.
    ample
        True leaves every resource unlimited.
    limits, opening
        False leaves out limits on shipments, opening costs.
    """
    rng = np.random.default_rng(seed)
    n_orders, n_nodes = int(rng.integers(1, size.orders + 1)), int(rng.integers(1, size.nodes + 1))
    extra = int(rng.choice([0, 0, 1, 4, 9]))
    shapes = [_quantities(rng, size) for _ in range(n_orders)]
    skus = [rng.integers(0, size.skus, len(shape)).tolist() for shape in shapes]
    limit = [int(rng.choice([1, 2, 3])) if limits and rng.random() < 0.5 else UNLIMITED for _ in range(n_orders)]
    columns = [
        column
        for order in range(n_orders)
        for node in range(n_nodes)
        for column in _columns(rng, order, node, shapes[order], extra, pooled)
    ]
    groups, listed = _groups(rng, shapes, limit, columns)
    keys = sorted({(c.order, c.node) for c in columns})
    watched = {key for key in keys if _needs_watching(columns, key, shapes[key[0]], extra)}
    watched |= {key for key in keys if not pooled and rng.random() < 0.1}
    usage = _usage(listed, skus, n_nodes, size.skus)
    capacity = np.full(usage.shape[0], 10_000, dtype=np.int64) if ample else _capacity(rng, usage)
    prices = rng.integers(1, 40, n_nodes) if opening and rng.random() < 0.5 else np.zeros(n_nodes, dtype=np.int64)
    prices = prices * (rng.random(n_nodes) < 0.7)
    return SourcingArrays(
        n_orders=n_orders,
        n_nodes=n_nodes,
        groups=groups,
        column_order=_ints([c.order for c in listed]),
        column_node=_ints([c.node for c in listed]),
        column_vector=_ints([_number(c.vector, shapes[c.order]) for c in listed]),
        column_shipments=_ints([c.shipments for c in listed]),
        column_once=np.array([(c.order, c.node) in watched for c in listed], dtype=bool),
        column_cost=_ints([c.cost for c in listed]),
        extra_shipment=extra,
        usage=usage,
        capacity=capacity,
        opening=prices.astype(np.int64),
    )


def _ints(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def _quantities(rng: np.random.Generator, size: Size) -> tuple[int, ...]:
    return tuple(rng.integers(1, size.units + 1, int(rng.integers(1, size.lines + 1))).tolist())


def _number(vector: tuple[int, ...], shape: tuple[int, ...]) -> int:
    """Position of a vector in the lexicographic list of all of them."""
    return list(product(*(range(quantity + 1) for quantity in shape))).index(vector)


def _columns(
    rng: np.random.Generator, order: int, node: int, shape: tuple[int, ...], extra: int, pooled: bool
) -> list[Column]:
    """Columns of one (order, node): any costs, or (pooled) costs that never gain by naming the node twice."""
    if rng.random() < 0.1:
        return []
    vectors = list(product(*(range(quantity + 1) for quantity in shape)))[1:]
    base, unit = int(rng.integers(0, 12)), int(rng.integers(0, 8))
    cost = {v: base + unit * sum(v) + int(rng.integers(0, 6)) for v in vectors if rng.random() < 0.85}
    closed = pooled or rng.random() < 0.5
    if closed:
        for whole, part in product(vectors, vectors):
            rest = tuple(w - p for w, p in zip(whole, part, strict=True))
            if part in cost and rest in cost:
                together = cost[part] + cost[rest] + extra
                cost[whole] = min(cost.get(whole, together), together)
    elif rng.random() < 0.5:  # a rate card without sense: more may cost less, two shipments less than one
        cost = {vector: int(rng.integers(0, 9 * sum(vector))) for vector in cost}
    dear = int(rng.choice([5, 20]))
    joint = {vector: int(rng.integers(0, dear)) for vector in vectors if sum(vector) > 1 and rng.random() < 0.3}
    found = [Column(order, node, vector, 1, paid) for vector, paid in cost.items()]
    found += [Column(order, node, vector, 2, paid) for vector, paid in joint.items()]
    return _sums_listed(found, shape, extra) if closed else found


def _sums_listed(columns: list[Column], shape: tuple[int, ...], extra: int) -> list[Column]:
    """List, for any two columns of a node, one that serves their sum as well; then the node needs no watching."""
    listed = list(columns)
    while True:
        new = [
            Column(one.order, one.node, both, one.shipments + two.shipments, one.cost + two.cost)
            for one, two, both in _pairs(listed, shape)
            if not _as_good(listed, both, one.shipments + two.shipments, one.cost + two.cost, extra)
        ]
        if not new:
            return listed
        listed = [c for c in listed if (c.vector, c.shipments) != (new[0].vector, new[0].shipments)] + new[:1]


def _pairs(columns: list[Column], shape: tuple[int, ...]) -> list[tuple[Column, Column, tuple[int, ...]]]:
    """All pairs of columns within the demand, with their sum."""
    pairs = []
    for one, two in product(columns, columns):
        both = tuple(a + b for a, b in zip(one.vector, two.vector, strict=True))
        if all(units <= quantity for units, quantity in zip(both, shape, strict=True)):
            pairs.append((one, two, both))
    return pairs


def _as_good(columns: list[Column], vector: tuple[int, ...], shipments: int, cost: int, extra: int) -> bool:
    """Tell whether one column serves a vector in no more shipments at no more cost."""
    paid = cost + extra * shipments
    return any(
        c.vector == vector and c.shipments <= shipments and c.cost + extra * c.shipments <= paid for c in columns
    )


def _needs_watching(columns: list[Column], key: tuple[int, int], shape: tuple[int, ...], extra: int) -> bool:
    """Tell whether some two columns of an (order, node) have no one column that serves their sum as well."""
    own = [column for column in columns if (column.order, column.node) == key]
    return not all(
        _as_good(own, both, one.shipments + two.shipments, one.cost + two.cost, extra)
        for one, two, both in _pairs(own, shape)
    )


def _groups(
    rng: np.random.Generator, shapes: list[tuple[int, ...]], limit: list[int], columns: list[Column]
) -> tuple[tuple[OrderGroup, ...], list[Column]]:
    """Put orders of one shape and limit together; sort the columns as the model wants them."""
    groups, listed = [], []
    for shape, most in sorted(set(zip(shapes, limit, strict=True))):
        orders = [order for order in range(len(shapes)) if (shapes[order], limit[order]) == (shape, most)]
        own = sorted(
            (column for column in columns if column.order in orders),
            key=lambda c: (orders.index(c.order), _number(c.vector, shapes[c.order]), c.node, c.shipments),
        )
        n_lines = len(shape)
        groups.append(
            order_group(
                lattice_of(shape),
                most,
                _ints(orders),
                rng.integers(0, int(rng.choice([10, 60, 60])), (len(orders), n_lines)),
                rng.integers(0, 30, len(orders)) * (rng.random(len(orders)) < 0.5),
                rng.random((len(orders), n_lines)) < 0.25,
                rng.random(len(orders)) < 0.25,
                len(listed),
                len(own),
                rng.integers(0, np.array(shape) + 1, (len(orders), n_lines)) if rng.random() < 0.3 else None,
                int(rng.integers(0, 40)),
            )
        )
        listed += own
    return tuple(groups), listed


def _usage(columns: list[Column], skus: list[list[int]], n_nodes: int, n_skus: int) -> sparse.csc_array:
    """Stock of each (node, SKU), then shipments of each node, then units of each node."""
    usage = np.zeros((n_nodes * n_skus + 2 * n_nodes, len(columns)), dtype=np.int64)
    for number, column in enumerate(columns):
        for sku, units in zip(skus[column.order], column.vector, strict=True):
            usage[column.node * n_skus + sku, number] += units
            usage[n_nodes * n_skus + n_nodes + column.node, number] += units
        usage[n_nodes * n_skus + column.node, number] += column.shipments
    return sparse.csc_array(usage)


def _capacity(rng: np.random.Generator, usage: sparse.csc_array) -> np.ndarray:
    """Anything from nothing to more than everybody could ask for."""
    asked = usage.sum(axis=1) if usage.shape[1] else np.zeros(usage.shape[0], dtype=np.int64)
    return np.floor(rng.random(usage.shape[0]) * rng.choice([0.5, 1.0, 2.0]) * (asked + 1)).astype(np.int64)


def with_families(arrays: SourcingArrays, skus: int = Size().skus) -> SourcingArrays:
    """Say of a random problem, drawn with so many SKUs, which resources are stock of one SKU."""
    stock = np.tile(np.arange(skus), arrays.n_nodes)
    return replace(arrays, resource_family=np.r_[stock, np.full(2 * arrays.n_nodes, -1)])


def scaled(arrays: SourcingArrays, factor: int) -> SourcingArrays:
    """Multiply every cost of a problem."""
    groups = tuple(
        replace(
            group,
            unit_backorder=group.unit_backorder * factor,
            order_backorder=group.order_backorder * factor,
            beyond=group.beyond * factor,
            backorder=np.where(group.backorder >= INFEASIBLE, INFEASIBLE, group.backorder * factor),
        )
        for group in arrays.groups
    )
    return replace(
        arrays,
        groups=groups,
        column_cost=arrays.column_cost * factor,
        extra_shipment=arrays.extra_shipment * factor,
        opening=arrays.opening * factor,
    )

"""Every option of an order, and the best of all choices, by listing: plain Python, no dynamic program, no solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solver_models.sourcing import UNLIMITED, OrderGroup, SourcingArrays


@dataclass(frozen=True, slots=True)
class Option:
    """One way to deal with an order: its columns, and its cost without opening nodes."""

    columns: tuple[int, ...]
    cost: int


def group_of(arrays: SourcingArrays, order: int) -> tuple[OrderGroup, int]:
    """Return the group of an order and its position there."""
    for group in arrays.groups:
        if order in group.orders.tolist():
            return group, group.orders.tolist().index(order)
    raise KeyError(order)


def backorder_cost(group: OrderGroup, position: int, rest: Sequence[int]) -> int | None:
    """Cost of backordering these units of each line; None where a rule forbids it."""
    demand = group.lattice.quantities
    if group.order_complete[position] and any(rest) and tuple(rest) != demand:
        return None
    for line, units in enumerate(rest):
        if group.line_complete[position, line] and 0 < units < demand[line]:
            return None
    paid = sum(int(cost) * units for cost, units in zip(group.unit_backorder[position], rest, strict=True))
    if group.spared is not None:
        for units, spared in zip(rest, group.spared[position].tolist(), strict=True):
            paid += group.beyond * max(0, units - spared)
    return paid + (int(group.order_backorder[position]) if any(rest) else 0)


def column_sets(arrays: SourcingArrays, order: int, demand: Sequence[int], limit: int) -> list[tuple[int, ...]]:
    """List the sets of an order's columns, each node at most once, within some demand and number of shipments."""
    group, _ = group_of(arrays, order)
    own = np.flatnonzero(arrays.column_order == order).tolist()
    vector = {column: group.lattice.vectors[arrays.column_vector[column]].tolist() for column in own}
    found: list[tuple[int, ...]] = []

    def extend(start: int, chosen: tuple[int, ...], room: list[int], left: int) -> None:
        found.append(chosen)
        nodes = {int(arrays.column_node[column]) for column in chosen}
        for place in range(start, len(own)):
            column = own[place]
            after = [have - take for have, take in zip(room, vector[column], strict=True)]
            shipments = int(arrays.column_shipments[column])
            if min(after) >= 0 and shipments <= left and int(arrays.column_node[column]) not in nodes:
                extend(place + 1, (*chosen, column), after, left - shipments)

    extend(0, (), list(demand), limit)
    return found


def rest_of(arrays: SourcingArrays, order: int, columns: Sequence[int]) -> list[int]:
    """Units of each line of an order that some columns leave unserved."""
    group, _ = group_of(arrays, order)
    rest = list(group.lattice.quantities)
    for column in columns:
        taken = group.lattice.vectors[arrays.column_vector[column]].tolist()
        rest = [have - take for have, take in zip(rest, taken, strict=True)]
    return rest


def options_of(arrays: SourcingArrays, order: int, column_cost: np.ndarray) -> list[Option]:
    """List every option of an order, cheapest first."""
    group, position = group_of(arrays, order)
    options = []
    for columns in column_sets(arrays, order, group.lattice.quantities, group.limit):
        short = backorder_cost(group, position, rest_of(arrays, order, columns))
        if short is None:
            continue
        shipments = sum(int(arrays.column_shipments[column]) for column in columns)
        cost = sum(int(column_cost[column]) for column in columns) + short
        options.append(Option(columns, cost + arrays.extra_shipment * max(0, shipments - 1)))
    return sorted(options, key=lambda option: (option.cost, option.columns))


def best_choice(arrays: SourcingArrays) -> Option:
    """Find the best choice of all orders together: every combination, less those that a partial sum rules out."""
    options = [options_of(arrays, order, arrays.column_cost) for order in range(arrays.n_orders)]
    least_after = [sum(own[0].cost for own in options[order:]) for order in range(arrays.n_orders + 1)]
    usage, opening = arrays.usage.toarray(), arrays.opening.tolist()
    best = Option((), sum(own[-1].cost for own in options) + sum(opening) + 1)

    def extend(order: int, chosen: tuple[int, ...], cost: int, used: np.ndarray, nodes: frozenset[int]) -> None:
        nonlocal best
        if cost + least_after[order] >= best.cost:
            return
        if order == arrays.n_orders:
            best = Option(chosen, cost)
            return
        for option in options[order]:
            if cost + option.cost + least_after[order + 1] >= best.cost:
                return
            columns = list(option.columns)
            after = used + usage[:, columns].sum(axis=1)
            if np.all(after <= arrays.capacity):
                own = frozenset(int(arrays.column_node[column]) for column in columns)
                opened = sum(opening[node] for node in own - nodes)
                extend(order + 1, chosen + option.columns, cost + option.cost + opened, after, nodes | own)

    extend(0, (), 0, np.zeros(arrays.n_resources, dtype=np.int64), frozenset())
    return best


def unlimited(arrays: SourcingArrays, order: int) -> bool:
    """Tell whether an order may have any number of shipments."""
    return group_of(arrays, order)[0].limit >= UNLIMITED

"""The exact optimum of a tiny stretch of time, by enumeration: one window, or a whole horizon that is known.

Everything is priced by the plain numbers of `tiny_world`; nothing of `quartermaster` is used. Every way to spread an
order over windows, nodes and services is listed; the orders are then joined one by one on what they can contest, with
every combination kept that could still be the cheapest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from tiny_world import MICRO, TinyNode, TinyOrder, TinyStream

Vector = tuple[int, ...]
Cell = tuple[int, str]
"""A window and a node."""
Way = tuple[tuple[Cell, Vector, int], ...]
"""One way to serve an order: units by line and number of shipments of every cell that ships something."""


@dataclass(frozen=True)
class Sent:
    """One shipment."""

    order: str
    node: str
    service: str
    units: tuple[tuple[str, int], ...]
    """By line."""


@dataclass(frozen=True)
class Standing:
    """An order as it stands: units left by line, and the shipments that it has had."""

    order: TinyOrder
    left: Vector
    shipped: int = 0


@dataclass(frozen=True)
class Scene:
    """What there is to decide.

    Parameters
    ----------
    world
        Prices and places.
    windows
        Windows in which something can leave.
    orders
        What is open, or will be.
    supply
        Units by (node, sku) that have come by each of the windows; nothing has left.
    most_windows
        Most windows in which one order may have shipments.
    extra_after
        Whether an order's first shipment is an extra one when it has had others before the first of the windows.
    room
        Shipments and units that a cell may have.
    opened
        Cells whose opening is paid.
    value
        Worth of a unit, micro, by (node, sku).
    least
        Units that must leave, by (order, line).
    allowed
        Nodes of a line, where not all may serve it.
    """

    world: TinyStream
    windows: tuple[int, ...]
    orders: tuple[Standing, ...]
    supply: Mapping[tuple[str, str], Vector]
    most_windows: int = 1
    extra_after: bool = False
    room: Mapping[Cell, tuple[int, int]] = field(default_factory=dict)
    opened: frozenset[Cell] = frozenset()
    value: Mapping[tuple[str, str], int] = field(default_factory=dict)
    least: Mapping[tuple[str, str], int] = field(default_factory=dict)
    allowed: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def room_of(self, window: int, node: TinyNode) -> tuple[int, int]:
        """Shipments and units that a node may still have in a window."""
        return self.room.get((window, node.name), (node.max_shipments, node.max_units))


def whole_horizon(world: TinyStream) -> Scene:
    """Everything that ever comes, as whoever knows the stream sees it when it begins."""
    windows = tuple(range(world.n_windows))
    supply = {pair: [units] * world.n_windows for pair, units in world.stock.items()}
    for window in windows:
        for pair, units in world.arriving(window):
            row = supply.setdefault(pair, [0] * world.n_windows)
            for later in windows[window:]:
                row[later] += units
    return Scene(
        world=world,
        windows=windows,
        orders=tuple(Standing(order, tuple(line.quantity for line in order.lines)) for order in world.orders),
        supply={pair: tuple(row) for pair, row in supply.items()},
        most_windows=world.knobs.patience + 1,
    )


def ways(scene: Scene, standing: Standing) -> dict[Way, int]:
    """List every way to serve an order, with its cost and stock value in micro; openings are not in it."""
    order, nothing = standing.order, (0,) * len(standing.left)
    found: dict[Way, int] = {(): 0}
    for window in scene.windows:
        for node in scene.world.nodes if window >= order.window else ():
            parts = _cell(scene, standing, window, node)
            for way, spent in list(found.items()):
                served = _sum([units for _, units, _ in way], nothing)
                for (units, count), cost in parts.items():
                    if _within(_plus(served, units), standing.left):
                        found[*way, ((window, node.name), units, count)] = spent + cost
    return {
        way: cost + _of_order(scene, standing, way) for way, cost in found.items() if _allowed(scene, standing, way)
    }


def cheapest(scene: Scene) -> int:
    """Return the least cost and stock value of all ways to serve all orders together, in micro."""
    resources = _contested(scene)
    limits = tuple(resources.values())
    choices = sorted((_options(scene, standing, resources) for standing in scene.orders), key=len)
    rest = [0]
    for options in reversed(choices):
        rest.insert(0, rest[0] + min(cost for cost, _, _ in options))
    ceiling = min(_in_turn(scene, choices, limits), _in_turn(scene, choices[::-1], limits))
    states: dict[tuple[Vector, frozenset[Cell]], int] = {((0,) * len(limits), frozenset()): 0}
    for position, options in enumerate(choices):
        joined: dict[tuple[Vector, frozenset[Cell]], int] = {}
        for (used, opened), spent in states.items():
            for cost, usage, opening in options:
                reached = spent + cost + _opening(scene, opening - opened)
                total = _plus(used, usage)
                if reached + rest[position + 1] <= ceiling and _within(total, limits):
                    key = total, opened | opening
                    joined[key] = min(reached, joined.get(key, reached))
        states = joined
    return min(states.values())


def best_served(scene: Scene) -> set[Vector]:
    """Return the units by line of every best way to serve the only order of a scene."""
    (standing,) = scene.orders
    limits = _contested(scene)
    priced = {
        way: cost + _opening(scene, frozenset(cell for cell, _, _ in way))
        for way, cost in ways(scene, standing).items()
        if _within(_usage(scene, standing, way, limits), tuple(limits.values()))
    }
    best = min(priced.values())
    return {_served(standing, way) for way, cost in priced.items() if cost == best}


def cost_of(scene: Scene, shipments: Sequence[Sent]) -> int:
    """Add up cost and stock value of a plan of a single window, in micro; nothing that breaks a rule has a cost."""
    by_order = costs_of_orders(scene, shipments)
    (window,) = scene.windows
    return sum(by_order.values()) + _opening(scene, frozenset((window, sent.node) for sent in shipments))


def costs_of_orders(scene: Scene, shipments: Sequence[Sent]) -> dict[str, int]:
    """Add up cost and stock value of each order in a plan of a single window, in micro, openings aside."""
    (window,) = scene.windows
    resources, used = _contested(scene, every=True), Counter[str]()
    total: Vector = (0,) * len(resources)
    costs = {}
    for standing in scene.orders:
        mine = [sent for sent in shipments if sent.order == standing.order.name]
        assert len({(sent.node, sent.service) for sent in mine}) == len(mine), "two shipments of one lane"
        names = [line.name for line in standing.order.lines]
        way, cost = [], 0
        for node in sorted({sent.node for sent in mine}):
            place = next(place for place in scene.world.nodes if place.name == node)
            there = [sent for sent in mine if sent.node == node]
            vectors = [tuple(dict(sent.units).get(name, 0) for name in names) for sent in there]
            for sent, units in zip(there, vectors, strict=True):
                price = scene.world.shipment_micro(standing.order, place, sent.service, sum(units), window)
                assert sum(units) > 0, "nothing in a shipment"
                assert price is not None, "a service that is not offered"
                cost += price + _worth(scene, standing, node, units)
            way.append(((window, node), _sum(vectors, ()), len(there)))
        served = _served(standing, tuple(way))
        assert _within(served, standing.left), "more than is wanted"
        assert _allowed(scene, standing, tuple(way)), "a way that is not allowed"
        costs[standing.order.name] = cost + _of_order(scene, standing, tuple(way))
        total = _plus(total, _usage(scene, standing, tuple(way), resources))
        used.update(sent.order for sent in mine)
    assert used.total() == len(shipments), "a shipment of no open order"
    assert _within(total, tuple(resources.values())), "more than there is"
    return costs


def without(scene: Scene, shipments: Sequence[Sent]) -> Scene:
    """Return a single window after some shipments have left: less stock and room, what they opened is open."""
    (window,) = scene.windows
    taken, count, units = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    skus = {(held.order.name, line.name): line.sku for held in scene.orders for line in held.order.lines}
    for sent in shipments:
        count[sent.node] += 1
        for line, quantity in sent.units:
            taken[sent.node, skus[sent.order, line]] += quantity
            units[sent.node] += quantity
    room = {}
    for node in scene.world.nodes:
        most, most_units = scene.room_of(window, node)
        room[window, node.name] = most - count[node.name], most_units - units[node.name]
    return replace(
        scene,
        supply={pair: (scene.supply.get(pair, (0,))[0] - taken[pair],) for pair in {*scene.supply, *taken}},
        room=room,
        opened=scene.opened | {(window, node) for node in count},
    )


def _cell(scene: Scene, standing: Standing, window: int, node: TinyNode) -> dict[tuple[Vector, int], int]:
    """Cost of each (units by line, number of shipments) from one node in one window, over all services."""
    at = scene.windows.index(window)
    lines = standing.order.lines
    there = {line.sku: scene.supply.get((node.name, line.sku), (0,) * len(scene.windows))[at] for line in lines}
    tops = tuple(
        min(left, there[line.sku])
        if node.name in scene.allowed.get((standing.order.name, line.name), {node.name})
        else 0
        for line, left in zip(lines, standing.left, strict=True)
    )
    vectors = [units for units in product(*(range(top + 1) for top in tops)) if any(units)]
    nothing = (0,) * len(lines)
    parts: dict[tuple[Vector, int], int] = {(nothing, 0): 0}
    for service in scene.world.transit:
        for (units, count), spent in list(parts.items()):
            for more in vectors:
                cost = scene.world.shipment_micro(standing.order, node, service, sum(more), window)
                total = _plus(units, more)
                if cost is not None and _within(total, tops):
                    key = total, count + 1
                    reached = spent + cost + _worth(scene, standing, node.name, more)
                    parts[key] = min(reached, parts.get(key, reached))
    del parts[nothing, 0]
    return parts


def _worth(scene: Scene, standing: Standing, node: str, units: Vector) -> int:
    skus = (line.sku for line in standing.order.lines)
    return sum(scene.value.get((node, sku), 0) * count for sku, count in zip(skus, units, strict=True))


def _of_order(scene: Scene, standing: Standing, way: Way) -> int:
    """Cost that belongs to no single shipment: extra shipments, and what is never served."""
    count = sum(shipments for _, _, shipments in way)
    free = 0 if scene.extra_after and standing.shipped else 1
    short = sum(standing.left) - sum(_served(standing, way))
    return max(0, count - free) * scene.world.extra * MICRO + scene.world.short_micro(standing.order, short)


def _allowed(scene: Scene, standing: Standing, way: Way) -> bool:
    order = standing.order
    if standing.shipped + sum(count for _, _, count in way) > order.max_shipments:
        return False
    in_window: dict[int, Vector] = {}
    for (window, _), units, _ in way:
        in_window[window] = _plus(in_window.get(window, (0,) * len(units)), units)
    if len(in_window) > scene.most_windows:
        return False
    for line, served in zip(order.lines, _served(standing, way), strict=True):
        if served < scene.least.get((order.name, line.name), 0):
            return False
    for units in in_window.values():
        if order.ship_complete and units != standing.left:
            return False
        for line, count, left in zip(order.lines, units, standing.left, strict=True):
            if line.complete and count not in (0, left):
                return False
    return True


def _served(standing: Standing, way: Way) -> Vector:
    return _sum([units for _, units, _ in way], (0,) * len(standing.left))


def _contested(scene: Scene, *, every: bool = False) -> dict[tuple[object, ...], int]:
    """List what orders could want more of together than there is, or everything that has a limit."""
    wanted = Counter[str]()
    for standing in scene.orders:
        for line, left in zip(standing.order.lines, standing.left, strict=True):
            wanted[line.sku] += left
    nodes = {node.name: node for node in scene.world.nodes}
    pairs = {(node, sku) for node in nodes for sku in wanted}
    limits: dict[tuple[object, ...], int] = {}
    for node, sku in sorted(pairs):
        row = scene.supply.get((node, sku), (0,) * len(scene.windows))
        for at, units in enumerate(row):
            grows = at + 1 == len(row) or row[at + 1] > units
            if every or (grows and wanted[sku] > units):
                limits["stock", scene.windows[at], node, sku] = units
    for window in scene.windows:
        for node in scene.world.nodes:
            shipments, units = scene.room_of(window, node)
            if every or shipments < len(scene.orders) * len(scene.world.transit):
                limits["shipments", window, node.name, ""] = shipments
            if every or units < wanted.total():
                limits["units", window, node.name, ""] = units
    return limits


def _usage(scene: Scene, standing: Standing, way: Way, resources: Mapping[tuple[object, ...], int]) -> Vector:
    skus = [line.sku for line in standing.order.lines]
    use = []
    for kind, by, node, sku in resources:
        amount = 0
        for (window, place), units, count in way:
            if place != node:
                continue
            if kind == "stock" and window <= by:  # type: ignore[operator]
                amount += sum(have for have, what in zip(units, skus, strict=True) if what == sku)
            elif window == by:
                amount += {"stock": 0, "shipments": count, "units": sum(units)}[str(kind)]
        use.append(amount)
    return tuple(use)


def _options(
    scene: Scene, standing: Standing, resources: Mapping[tuple[object, ...], int]
) -> list[tuple[int, Vector, frozenset[Cell]]]:
    """List cost, usage and cells with an opening of the ways that no other way beats in all three."""
    dear = {node.name for node in scene.world.nodes if node.opening}
    best: dict[tuple[Vector, frozenset[Cell]], int] = {}
    for way, cost in ways(scene, standing).items():
        opening = frozenset(cell for cell, _, _ in way if cell[1] in dear) - scene.opened
        key = _usage(scene, standing, way, resources), opening
        best[key] = min(cost, best.get(key, cost))
    kept: list[tuple[int, Vector, frozenset[Cell]]] = []
    for (usage, opening), cost in sorted(best.items(), key=lambda item: (item[1], sum(item[0][0]), len(item[0][1]))):
        if not any(opens <= opening and _within(uses, usage) for _, uses, opens in kept):
            kept.append((cost, usage, opening))
    return kept


def _in_turn(scene: Scene, choices: Sequence[list[tuple[int, Vector, frozenset[Cell]]]], limits: Vector) -> int:
    """Cost of some plan: each order in turn takes the cheapest way that still fits; above all else where none does."""
    used, opened, total = (0,) * len(limits), frozenset[Cell](), 0
    for options in choices:
        fitting = [option for option in options if _within(_plus(used, option[1]), limits)]
        if not fitting:
            return 10**18
        cost, usage, opening = min(fitting, key=lambda option: option[0] + _opening(scene, option[2] - opened))
        total += cost + _opening(scene, opening - opened)
        used, opened = _plus(used, usage), opened | opening
    return total


def _opening(scene: Scene, cells: frozenset[Cell]) -> int:
    costs = {node.name: node.opening for node in scene.world.nodes}
    return sum(costs[node] for _, node in cells - scene.opened) * MICRO


def _plus(one: Vector, other: Vector) -> Vector:
    return tuple(mine + theirs for mine, theirs in zip(one, other, strict=True))


def _sum(vectors: Sequence[Vector], nothing: Vector) -> Vector:
    return tuple(sum(parts) for parts in zip(*vectors, strict=True)) if vectors else nothing


def _within(one: Vector, limits: Vector) -> bool:
    return all(use <= limit for use, limit in zip(one, limits, strict=True))

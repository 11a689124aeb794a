"""Ways to spoil a certificate, on its JSON document: each must be refused, or prove no more than is true."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from quartermaster.domain.snapshot import Snapshot

Document = dict[str, Any]
Mutation = Callable[[Document, Snapshot, Random], None]

KINDS = {"stock": "price_micro", "shipments": "price_micro", "units": "price_micro", "shares": "share_micro"}
ABSURD = 10**17


def _place(document: Document, rng: Random) -> tuple[dict[str, list[Any]], str, int] | None:
    """Choose one price or share; None where there is none."""
    places = [(kind, at) for kind, amount in KINDS.items() for at in range(len(document[kind][amount]))]
    if not places:
        return None
    kind, at = rng.choice(places)
    return document[kind], KINDS[kind], at


def _one(change: Callable[[int, Random], int]) -> Mutation:
    def mutate(document: Document, snapshot: Snapshot, rng: Random) -> None:
        place = _place(document, rng)
        if place is not None:
            columns, amount, at = place
            columns[amount][at] = change(columns[amount][at], rng)

    return mutate


def _all(change: Callable[[int], int]) -> Mutation:
    def mutate(document: Document, snapshot: Snapshot, rng: Random) -> None:
        for kind, amount in KINDS.items():
            document[kind][amount] = [change(value) for value in document[kind][amount]]

    return mutate


def _wrong_resource(document: Document, snapshot: Snapshot, rng: Random) -> None:
    """A price of stock goes to another SKU of the node; with none, some stock gets one."""
    columns = document["stock"]
    listed = [(row.node_id, row.sku) for row in snapshot.inventory]
    if columns["sku"]:
        at = rng.randrange(len(columns["sku"]))
        columns["sku"][at] = rng.choice([product.sku for product in snapshot.products])
    elif listed:
        node_id, sku = rng.choice(listed)
        for name, value in (("node_id", node_id), ("sku", sku), ("price_micro", rng.randrange(1, 10**9))):
            columns[name].append(value)


def _other_node(document: Document, snapshot: Snapshot, rng: Random) -> None:
    """Any price or share goes to another node."""
    place = _place(document, rng)
    if place is not None:
        place[0]["node_id"][place[2]] = rng.choice([node.node_id for node in snapshot.nodes])


def _shares(document: Document, snapshot: Snapshot, rng: Random) -> None:
    """Every share is drawn anew, and one more order pays."""
    columns = document["shares"]
    columns["share_micro"] = [rng.randrange(10**8) for _ in columns["share_micro"]]
    opening = [node.node_id for node in snapshot.nodes if node.opening_cost]
    taken = set(zip(columns["order_id"], columns["node_id"], strict=True))
    free = [(order.order_id, node_id) for order in snapshot.orders for node_id in opening]
    free = [pair for pair in free if pair not in taken]
    if free:
        order_id, node_id = rng.choice(free)
        for name, value in (("order_id", order_id), ("node_id", node_id), ("share_micro", rng.randrange(1, 10**8))):
            columns[name].append(value)


def _anything(document: Document, snapshot: Snapshot, rng: Random) -> None:
    """Every resource there is may have any price, every order any share."""
    most = rng.choice((10**5, 10**7, 10**9))

    def drawn(keys: list[tuple[str, ...]], names: tuple[str, ...], amount: str) -> dict[str, list[Any]]:
        kept = [key for key in keys if rng.random() < 0.6]
        columns: dict[str, list[Any]] = {name: [key[at] for key in kept] for at, name in enumerate(names)}
        return {**columns, amount: [rng.randrange(most) for _ in kept]}

    nodes = list(snapshot.nodes)
    shipments = [(node.node_id,) for node in nodes if node.max_shipments is not None]
    units = [(node.node_id,) for node in nodes if node.max_units is not None]
    shares = [(order.order_id, node.node_id) for order in snapshot.orders for node in nodes if node.opening_cost]
    document["stock"] = drawn([(row.node_id, row.sku) for row in snapshot.inventory], ("node_id", "sku"), "price_micro")
    document["shipments"] = drawn(shipments, ("node_id",), "price_micro")
    document["units"] = drawn(units, ("node_id",), "price_micro")
    document["shares"] = drawn(shares, ("order_id", "node_id"), "share_micro")


def _claim(document: Document, snapshot: Snapshot, rng: Random) -> None:
    document["bound"] = "999999999.00"


MUTATIONS: dict[str, Mutation] = {
    "price negative": _one(lambda value, rng: -1 - value),
    "price too high": _one(lambda value, rng: value * rng.randint(2, 50) + 10**6),
    "price a little lower": _one(lambda value, rng: value - value // 10),
    "wrong resource": _wrong_resource,
    "another node": _other_node,
    "shares changed": _shares,
    "any prices": _anything,
    "any prices again": _anything,
    "no prices": _all(lambda value: 0),
    "twice": _all(lambda value: 2 * value),
    "scaled by 1000": _all(lambda value: 1000 * value),
    "one absurd": _one(lambda value, rng: ABSURD),
    "all absurd": _all(lambda value: ABSURD),
    "claim raised": _claim,
}
"""Each by its name; a certificate without prices may come back as it was."""

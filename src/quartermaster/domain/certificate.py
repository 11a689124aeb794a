"""A certificate: prices from which anybody can recompute a lower bound on the cost of every plan, without a solver.

Every amount is an integer >= 0 in 10^-6 of the currency unit; only amounts above 0 are listed. Columns, not row
objects: a day of 100 000 orders has hundreds of thousands of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

VERSION = 1
"""Version of the form of certificates; another one is refused, not guessed at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPrices:
    """Prices of one unit of a SKU at a node.

    Parameters
    ----------
    node_id, sku
        What is priced; each pair once, sorted.
    price_micro
        Price of each, in micro. [lambda]

    Raises
    ------
    ValueError
        If the columns differ in length, an amount is negative, or something is priced twice.
    """

    node_id: tuple[str, ...] = ()
    sku: tuple[str, ...] = ()
    price_micro: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _check("stock", self.price_micro, self.node_id, self.sku)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePrices:
    """Prices of one unit of a node's capacity: of one shipment, or of one unit shipped.

    Parameters
    ----------
    node_id
        What is priced; each node once, sorted.
    price_micro
        Price of each, in micro. [lambda]

    Raises
    ------
    ValueError
        As for `StockPrices`.
    """

    node_id: tuple[str, ...] = ()
    price_micro: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _check("node capacity", self.price_micro, self.node_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningShares:
    """What orders pay towards opening a node, in the bound.

    Parameters
    ----------
    order_id, node_id
        Who pays for what; each pair once, sorted.
    share_micro
        Share of each, in micro. [mu]

    Raises
    ------
    ValueError
        As for `StockPrices`.
    """

    order_id: tuple[str, ...] = ()
    node_id: tuple[str, ...] = ()
    share_micro: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _check("share", self.share_micro, self.order_id, self.node_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Prices of scarce resources, and the bound that they prove.

    Parameters
    ----------
    snapshot_sha256
        Hash of the snapshot they were made for.
    bound_micro
        The lower bound that they are claimed to prove, in micro.
    stock
        Prices of stock.
    shipments, units
        Prices of the nodes' two capacities.
    shares
        Shares of opening costs.
    """

    snapshot_sha256: str
    bound_micro: int
    stock: StockPrices = field(default_factory=StockPrices)
    shipments: NodePrices = field(default_factory=NodePrices)
    units: NodePrices = field(default_factory=NodePrices)
    shares: OpeningShares = field(default_factory=OpeningShares)

    @property
    def n_prices(self) -> int:
        """Resources that have a price."""
        return len(self.stock.price_micro) + len(self.shipments.price_micro) + len(self.units.price_micro)


def _check(what: str, amounts: Sequence[int], *ids: Sequence[str]) -> None:
    if any(len(column) != len(amounts) for column in ids):
        raise ValueError(f"columns of {what} differ in length")
    if amounts and min(amounts) < 0:
        raise ValueError(f"{what}: {min(amounts)} is negative; prices and shares are >= 0")
    if len(set(zip(*ids, strict=True))) < len(amounts):
        raise ValueError(f"{what}: something stands twice")

"""The rate book for orders that are in no snapshot: nodes and rate cards stay, the order's side is made on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.domain.table import Table
from quartermaster.rating.book import NO_PROMISE, RateBook
from quartermaster.rating.geography import Places

_EPOCH = date(1970, 1, 1).toordinal()


def stand_ins(snapshot: Snapshot) -> Snapshot:
    """Put made-up orders in place of a snapshot's own: one of each kind that its rules tell apart.

    Orders are told apart by the destination prefix they match and the service level they ask for, by nothing else. The
    first stands for all destinations that match no prefix, the last for service levels that no service carries.

    Parameters
    ----------
    snapshot
        Checked.

    Returns
    -------
    Snapshot
        The same network, and orders without lines. Its rate book is what `AnyOrders` needs.
    """
    levels = sorted({"", *snapshot.services["service_level"].tolist()})
    nobodys = max(levels, key=len) + "?"
    kinds = [("", level) for level in levels]
    kinds += [(prefix, "") for prefix in sorted({*snapshot.zones["destination_prefix"].tolist()} - {""})]
    kinds.append(("", nobodys))
    orders = [
        Order(order_id=str(number), postal_code=prefix, service_level=level)
        for number, (prefix, level) in enumerate(kinds)
    ]
    return replace(
        snapshot, orders=Table.from_rows(Order, orders), order_lines=Table.from_rows(OrderLine, ()), warnings=()
    )


@dataclass(frozen=True, slots=True, eq=False)
class AnyOrders:
    """A rate book whose orders are stand-ins, and how to find an order's.

    Parameters
    ----------
    book
        Rates the orders of `stand_ins`.
    prefixes
        The stand-in's row of each destination prefix that the rules of a carrier know, by carrier of the book.
    lengths
        Lengths of those prefixes, longest first, by carrier.
    levels
        The stand-in's row of each service level.
    """

    book: RateBook
    prefixes: tuple[Mapping[str, int], ...]
    lengths: tuple[tuple[int, ...], ...]
    levels: Mapping[str, int]

    @classmethod
    def of(cls, snapshot: Snapshot, book: RateBook) -> AnyOrders:
        """Make it.

        Parameters
        ----------
        snapshot
            From `stand_ins`.
        book
            Its rate book.
        """
        codes, levels = (snapshot.orders[name].tolist() for name in ("postal_code", "service_level"))
        row_of = {code: row for row, code in reversed(list(enumerate(codes)))}
        zones = snapshot.zones
        prefixes = []
        for carrier in dict.fromkeys(carrier for carrier, _ in book.service_names):
            mine = (zones["carrier"] == carrier) & np.array([bound is None for bound in zones["max_distance_km"]], bool)
            prefixes.append({prefix: row_of[prefix] for prefix in zones["destination_prefix"][mine].tolist()})
        lengths = tuple(tuple(sorted({len(prefix) for prefix in known}, reverse=True)) for known in prefixes)
        return cls(book, tuple(prefixes), lengths, {level: row for row, level in enumerate(levels) if level or not row})

    def order(self, order: Order, lat: float, lon: float) -> RateBook:
        """Return the rate book in which order 0 is a given one, and the only one.

        Parameters
        ----------
        order
            The order.
        lat, lon
            Its place in degrees; NaN = unknown.
        """
        promise = NO_PROMISE if order.promise_date is None else order.promise_date.toordinal() - _EPOCH
        last = len(self.book.residential) - 1
        level = self.levels.get(order.service_level, last)
        carriers = tuple(
            replace(carrier, destination_class=carrier.destination_class[_row(order.postal_code, known, lengths)])
            for carrier, known, lengths in zip(self.book.carriers, self.prefixes, self.lengths, strict=True)
        )
        return replace(
            self.book,
            residential=np.array([order.residential]),
            promise_day=np.array([promise], dtype=np.int32),
            destinations=Places.of(np.array([lat]), np.array([lon])),
            carriers=carriers,
            offers=replace(self.book.offers, order_class=self.book.offers.order_class[level : level + 1]),
        )


def _row(code: str, known: Mapping[str, int], lengths: tuple[int, ...]) -> NDArray[np.intp]:
    """Return (1,) the stand-in of a destination: that of the longest prefix its postal code begins with."""
    for length in lengths:
        if code[:length] in known:
            return np.array([known[code[:length]]], dtype=np.intp)
    return np.zeros(1, dtype=np.intp)

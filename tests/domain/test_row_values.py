"""Row objects whose values are of another type are refused, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.table import Table


def test_an_instant_without_an_offset_is_not_read_in_the_machines_time_zone() -> None:
    with pytest.raises(TypeError, match="offset"):
        Table.from_rows(Order, [Order(order_id="o", ordered_at=datetime(2026, 6, 8, 9))])
    table = Table.from_rows(Order, [Order(order_id="o", ordered_at=datetime(2026, 6, 8, 9, tzinfo=UTC))])
    assert table.row(0).ordered_at == datetime(2026, 6, 8, 9, tzinfo=UTC)


def test_one_text_is_not_cut_into_letters() -> None:
    with pytest.raises(TypeError, match="several texts"):
        Table.from_rows(OrderLine, [OrderLine(order_id="o", line_id="1", sku="a", quantity=1, allowed_nodes="ab")])

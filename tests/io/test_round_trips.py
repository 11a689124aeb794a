"""One content, one hash: through files, frames and documents, in any row order, with any legal ids."""

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_cases import GOOD

from quartermaster import io
from quartermaster.domain.carriers import Holiday, Rate, Service, Transit, Zone
from quartermaster.domain.columns import Kind, columns_of
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Fixed, Forecast, Replenishment
from quartermaster.domain.snapshot import OUTLOOK_TABLES, ROW_TYPES, Snapshot
from quartermaster.io.cell_text import file_cells
from quartermaster.io.texts import Refused, check_id

AS_OF = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)


def legal(text):
    try:
        check_id(text)
    except Refused:
        return False
    return ";" not in text  # a node id stands in lists


def folded(text):
    return unicodedata.normalize("NFC", text).casefold()


ids = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(legal)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n"), max_size=10)
labels = st.lists(texts.filter(lambda text: text and ";" not in text), max_size=3).map(tuple)
money = st.integers(0, 10**9).map(lambda micro: Decimal(micro).scaleb(-6))
flags = st.booleans()


def several(most):
    return st.lists(ids, min_size=1, max_size=most, unique_by=folded)


@st.composite
def outlook_tables(draw, skus, nodes):
    """Draw what is to come and what stands; each table may be empty."""
    regions = st.tuples(st.sampled_from(skus), st.sampled_from(["", "0", "021", "90210-1234", "anywhere"]))
    arrivals = st.tuples(st.sampled_from(nodes), st.sampled_from(skus), st.dates(date(2026, 10, 1), date(2027, 1, 1)))
    standing = st.tuples(ids, ids, st.sampled_from(nodes), ids)
    return {
        "forecast": [
            Forecast(sku=sku, destination_prefix=prefix, units_per_day=draw(st.decimals(0, 10**6, places=4)))
            for sku, prefix in draw(st.lists(regions, max_size=3, unique=True))
        ],
        "replenishment": [
            Replenishment(node_id=node, sku=sku, arrives_on=day, quantity=draw(st.integers(1, 10**9)))
            for node, sku, day in draw(st.lists(arrivals, max_size=3, unique=True))
        ],
        "fixed": [
            Fixed(
                order_id=order,
                line_id=line,
                node_id=node,
                shipment_id=shipment,
                sku=draw(st.sampled_from(skus)),
                quantity=draw(st.integers(1, 10**6)),
            )
            for order, line, node, shipment in draw(st.lists(standing, max_size=3, unique=True))
        ],
    }


@st.composite
def snapshots(draw):
    skus, nodes, orders = draw(several(4)), draw(several(3)), draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    whole = st.one_of(st.none(), st.integers(0, 500))
    carrier, service, zone = draw(ids), draw(ids), draw(ids)
    instants = st.datetimes(datetime(2026, 10, 1), datetime(2026, 11, 2)).map(lambda at: at.replace(tzinfo=UTC))
    return Snapshot(
        as_of=AS_OF,
        currency="USD",
        version=draw(texts),
        orders=[
            Order(
                order_id=order,
                postal_code=draw(st.sampled_from(["", "02139", "90210-1234", "00000"])),
                lat=lat,
                lon=None if lat is None else -lat - 90,
                ordered_at=draw(st.one_of(st.none(), instants)),
                promise_date=draw(st.one_of(st.none(), st.dates(date(2026, 11, 3), date(2027, 1, 1)))),
                residential=draw(flags),
                ship_complete=draw(flags),
                max_shipments=draw(st.one_of(st.none(), st.integers(1, 5))),
                priority=draw(st.integers(0, 99)),
                channel=draw(texts),
                labels=draw(labels),
            )
            for order in orders
            for lat in [draw(st.one_of(st.none(), st.floats(20, 60)))]
        ],
        order_lines=[
            OrderLine(
                order_id=order,
                line_id=line,
                sku=draw(st.sampled_from(skus)),
                quantity=draw(st.integers(1, 1000)),
                line_complete=draw(flags),
                pinned_node=draw(st.sampled_from(["", *nodes])),
                allowed_nodes=tuple(draw(st.lists(st.sampled_from(nodes), max_size=2))),
                backorder_cost=draw(st.one_of(st.none(), money)),
            )
            for order in orders
            for line in draw(st.lists(ids, min_size=1, max_size=2, unique=True))
        ],
        products=[
            Product(sku=sku, weight_g=draw(st.integers(1, 9000)), length_mm=draw(whole), width_mm=draw(whole))
            for sku in skus
        ],
        nodes=[
            Node(
                node_id=node,
                kind=draw(st.sampled_from(["dc", "store", "vendor"])),
                postal_code="10018",
                timezone=draw(st.sampled_from(["UTC", "America/New_York"])),
                cutoff=draw(st.times().map(lambda at: time(at.hour, at.minute))),
                ships_on=draw(st.frozensets(st.integers(0, 6), min_size=1)),
                max_units=draw(whole),
                cost_per_unit=draw(money),
                enabled=draw(flags),
            )
            for node in nodes
        ],
        inventory=[
            Inventory(node_id=node, sku=sku, on_hand=draw(st.integers(0, 99)), reserved=draw(st.integers(0, 9)))
            for node in nodes
            for sku in skus
        ],
        services=[
            Service(
                carrier=carrier,
                service=service,
                dim_divisor_cm3_per_kg=draw(st.one_of(st.none(), st.decimals(1, 9999, places=4))),
                fuel_surcharge=draw(st.decimals(0, 1, places=3)),
                delivers_on=draw(st.sampled_from(["mon-fri", "mon-sat", "mon-sun"])),
            )
        ],
        zones=[
            Zone(carrier=carrier, zone=zone, max_distance_km=draw(st.decimals(1, 20000, places=2))),
            Zone(carrier=carrier, zone=zone, origin_prefix="1", destination_prefix="0"),
        ],
        rates=[Rate(carrier=carrier, service=service, zone=zone, max_weight_g=g, price=draw(money)) for g in (9, 99)],
        transit=[Transit(carrier=carrier, service=service, zone=zone, days=draw(st.integers(0, 9)))],
        holidays=[Holiday(date=date(2026, 12, 25), node_id=draw(st.sampled_from(["", *nodes])))],
        **draw(outlook_tables(skus, nodes)),
    )


calm = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def frames_of(snapshot):
    """Write every table as a frame of text cells, as a careful reader of CSV would hold them."""
    return {
        name: pd.DataFrame(
            {
                column: file_cells(spec, table[column], guard=False)
                for column, spec in columns_of(ROW_TYPES[name]).items()
            },
            dtype=object,
        )
        for name, table in snapshot.tables().items()
    }


@calm
@given(snapshots())
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_folder_gives_the_same_content(tmp_path, format, snapshot):
    held = io.ready(snapshot)
    io.write_snapshot(snapshot, tmp_path, format=format)
    again = io.read_snapshot(tmp_path)
    assert io.snapshot_sha256(again) == io.snapshot_sha256(held)
    assert again.version == snapshot.version
    for name, table in held.tables().items():
        assert list(again.table(name)) == list(table)


@calm
@given(snapshots())
def test_document_gives_the_same_content(snapshot):
    data = json.dumps(io.snapshot_document(snapshot)).encode()
    again = io.snapshot_from_document(io.parse_document(data))
    assert io.snapshot_sha256(again) == io.snapshot_sha256(snapshot)


@calm
@given(snapshots())
def test_frames_give_the_same_content(snapshot):
    held = io.ready(snapshot)
    again = io.snapshot_from_frames(frames_of(held), as_of=AS_OF, currency="USD")
    assert io.snapshot_sha256(again) == io.snapshot_sha256(held)


@calm
@given(snapshots(), st.randoms(use_true_random=False))
def test_row_order_changes_nothing(snapshot, random):
    held = io.ready(snapshot)
    shuffled = {}
    for name, table in snapshot.tables().items():
        order = list(range(len(table)))
        random.shuffle(order)
        shuffled[name] = table.take(np.array(order, dtype=np.intp))
    again = io.ready(Snapshot(as_of=AS_OF, currency="USD", **shuffled))
    assert io.snapshot_sha256(again) == io.snapshot_sha256(held)
    for name, table in held.tables().items():
        assert list(again.table(name)) == list(table)


@calm
@given(st.data())
@pytest.mark.parametrize("name", OUTLOOK_TABLES)
def test_any_cell_of_what_is_to_come_changes_the_hash(name, data):
    held = io.ready(data.draw(snapshots().filter(lambda snapshot: len(snapshot.table(name)))))
    table = held.table(name)
    row = data.draw(st.integers(0, len(table) - 1))
    for column in columns_of(ROW_TYPES[name]):
        cells = table[column].copy()
        if columns_of(ROW_TYPES[name])[column].kind is Kind.DEGREES:
            cells[row] = 1.5 if np.isnan(cells[row]) else cells[row] + 1
        else:
            cells[row] = cells[row] + (cells[row] if isinstance(cells[row], str) else 1)
        if cells[row] == table[column][row]:  # an empty prefix twice is still empty
            cells[row] = "7"
        changed = replace(held, **{name: table.with_columns(**{column: cells})})
        assert io.snapshot_sha256(changed) != io.snapshot_sha256(held), column


def test_without_what_is_to_come_the_hash_is_the_one_it_was_before_there_were_such_tables():
    good = io.read_snapshot(GOOD)  # hashed by the version before, and written down
    assert io.snapshot_sha256(good) == "60e786a465811937817700e31aae1682c6f1a845b14c08e8086bcaec926496f7"
    one = Forecast(sku="00123", units_per_day=Decimal(0))
    assert io.snapshot_sha256(replace(good, forecast=[one])) != io.snapshot_sha256(good)


@calm
@given(snapshots(), st.data())
def test_any_change_of_content_changes_the_hash(snapshot, data):
    held = io.ready(snapshot)
    name, column, other = data.draw(
        st.sampled_from(
            [
                ("inventory", "on_hand", 100_001),
                ("orders", "priority", 55),
                ("orders", "channel", "elsewhere"),
                ("order_lines", "line_complete", None),
                ("products", "weight_g", 9_001),
                ("rates", "price", 10**12),
                ("services", "fuel_surcharge", Decimal("0.7777")),
                ("transit", "days", 300),
                ("holidays", "date", np.datetime64("2026-12-24")),
            ]
        )
    )
    table = held.table(name)
    row = data.draw(st.integers(0, len(table) - 1))
    column_now = table[column].copy()
    column_now[row] = (not column_now[row]) if other is None else other
    if bool(column_now[row] == table[column][row]):
        return
    changed = Snapshot(
        as_of=AS_OF,
        currency="USD",
        **{**held.tables(), name: table.with_columns(**{column: column_now})},
    )
    assert io.snapshot_sha256(changed) != io.snapshot_sha256(held)


def test_moving_text_between_cells_changes_the_hash():
    def of(first, second):
        return io.snapshot_sha256(
            Snapshot(
                as_of=AS_OF,
                currency="USD",
                products=[Product(sku="a", weight_g=1)],
                orders=[Order(order_id="o", channel=first, service_level=second)],
                order_lines=[OrderLine(order_id="o", line_id="1", sku="a", quantity=1)],
                nodes=[Node(node_id="n")],
            )
        )

    assert len({of("ab", ""), of("a", "b"), of("", "ab"), of("b", "a")}) == 4


def test_as_of_and_currency_count_but_version_and_offset_do_not():
    products = [Product(sku="a", weight_g=1)]
    offset = AS_OF.astimezone(ZoneInfo("Asia/Tokyo"))
    held = [
        Snapshot(as_of=AS_OF, currency="USD", products=products),
        Snapshot(as_of=offset, currency="USD", version="x", products=products),
        Snapshot(as_of=AS_OF + timedelta(seconds=1), currency="USD", products=products),
        Snapshot(as_of=AS_OF, currency="EUR", products=products),
    ]
    first, same, later, euro = map(io.snapshot_sha256, held)
    assert first == same
    assert len({first, later, euro}) == 3

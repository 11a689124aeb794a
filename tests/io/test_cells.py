"""Known values: what each kind of cell means, and how it is written."""

from datetime import UTC, datetime, time
from decimal import Decimal

import numpy as np
import pytest
from cpu_seconds import least_cpu_seconds

from quartermaster.domain.columns import columns_of
from quartermaster.domain.network import Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.errors import PolicyError
from quartermaster.io.cell_rules import rules_of
from quartermaster.io.cell_text import document_cells, file_cells, weekdays_text
from quartermaster.io.cells import Form, parse
from quartermaster.io.texts import Refused, guarded, restored
from quartermaster.policy import policy_from_mapping


def read(table, column, cell, form=Form.FILE):
    return parse(rules_of(table)[column], form, cell)


def refusal(table, column, cell, form=Form.FILE):
    with pytest.raises(Refused) as raised:
        read(table, column, cell, form)
    return raised.value.code


@pytest.mark.parametrize(
    ("text", "micro"),
    [("12.50", 12_500_000), ("0", 0), ("0.000001", 1), ("1000000000", 10**15), ("007", 7_000_000), ("-0", 0)],
)
def test_money_is_exact(text, micro):
    assert read("rates", "price", text) == micro


@pytest.mark.parametrize(
    ("cell", "micro"), [(5, 5_000_000), (0.1, 100_000), (Decimal("1.50000000"), 1_500_000), ("0.1", 100_000)]
)
def test_money_numbers_count_as_written(cell, micro):
    assert read("rates", "price", cell, Form.DOCUMENT) == micro


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (0.1 + 0.2, "money_scale"),
        (True, "type"),
        (None.__class__, "type"),
        (float("nan"), "money_range"),
        (float("inf"), "money_range"),
        (Decimal("1E+400"), "money_range"),
        ("1.0000000", "money_scale"),
        ("1e-7", "number_format"),
        ("+1", "number_format"),
        (".5", "number_format"),
        ("5.", "number_format"),
        ("$5", "number_format"),
        ("5 USD", "currency_mixed"),
    ],
)
def test_money_refused(cell, code):
    assert refusal("rates", "price", cell, Form.FRAME) == code


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("mon-fri", 0b0011111),
        ("mon-sun", 0b1111111),
        ("mon;wed;fri", 0b0010101),
        ("sat-mon", 0b1100001),
        ("sun", 0b1000000),
        ("mon-tue;sat", 0b0100011),
    ],
)
def test_weekdays(text, bits):
    assert read("nodes", "ships_on", text) == bits
    assert read("nodes", "ships_on", weekdays_text(bits)) == bits


@pytest.mark.parametrize(
    "cell", ["", "monday", "mon,tue", "mon-", "Mon-Fri", "mon;;tue", [], ["mon", 3], 3, frozenset()]
)
def test_weekdays_refused(cell):
    assert refusal("nodes", "ships_on", cell, Form.FRAME) == "weekdays_format"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-02T08:00:00-05:00",
        "2026-11-02T13:00:00Z",
        "2026-11-02 13:00Z",
        "2026-11-02t13:00:00.000z",
        "2026-11-02T14:00:00.000000+0100",
        "2026-11-02T18:30:00.000000000+05:30",
    ],
)
def test_instants_are_one_moment(text):
    moment = read("orders", "ordered_at", text)
    assert moment == int(datetime(2026, 11, 2, 13, tzinfo=UTC).timestamp()) * 10**6


def test_dates_and_clock_times():
    assert read("orders", "promise_date", "2026-11-09") == np.datetime64("2026-11-09").astype(int)
    assert read("nodes", "cutoff", "16:05") == 16 * 60 + 5
    assert read("nodes", "cutoff", time(16, 5), Form.OBJECT) == 16 * 60 + 5
    assert refusal("nodes", "cutoff", time(16, 5, 1), Form.OBJECT) == "time_format"
    assert refusal("orders", "promise_date", datetime(2026, 1, 1, 1), Form.FRAME) == "time_format"
    assert refusal("orders", "ordered_at", datetime(2026, 1, 1, 1), Form.FRAME) == "time_no_offset"


def test_decimals_keep_what_is_written():
    assert read("services", "dim_divisor_cm3_per_kg", "5000.25") == Decimal("5000.25")
    assert read("services", "fuel_surcharge", Decimal("0.075"), Form.DOCUMENT) == Decimal("0.075")
    assert refusal("services", "fuel_surcharge", "0.1234567890123") == "number_format"
    assert refusal("services", "dim_divisor_cm3_per_kg", "0") == "out_of_range"


def test_degrees():
    assert read("orders", "lat", "-33.9") == -33.9
    assert str(read("orders", "lat", "-0.0")) == "0.0"
    assert read("orders", "lat", "4.1e1") == 41
    assert refusal("orders", "lat", "41,5") == "number_format"
    assert refusal("orders", "lat", "inf") == "coordinate"
    assert refusal("orders", "lat", "1e999") == "coordinate"


@pytest.mark.parametrize("text", ["True", "TRUE", "yes", "1", "t"])
def test_flags_are_true_or_false_only(text):
    assert read("orders", "residential", "true") is True
    assert read("orders", "residential", "false") is False
    assert refusal("orders", "residential", text) == "type"


def test_lists():
    assert read("orders", "labels", "a;b c;ü") == ("a", "b c", "ü")
    assert read("orders", "labels", ["a", "b"], Form.DOCUMENT) == ("a", "b")
    assert refusal("orders", "labels", "a;;b") == "list_format"
    assert refusal("orders", "labels", ["a;b"], Form.DOCUMENT) == "list_format"
    assert refusal("orders", "labels", "a;b", Form.DOCUMENT) == "type"
    assert refusal("orders", "labels", ["a", 1], Form.DOCUMENT) == "type"


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "-x", "+x", "@x", "\tx", "\rx", "\x00x", "'x", "x", "", "'"])
def test_guarded_text_is_restored(text):
    assert restored(guarded(text)) == text
    assert guarded(text)[:1] not in {"=", "-", "+", "@", "\t", "\r", "\x00"}


def test_written_cells():
    row = Node(
        node_id="-n", ships_on=frozenset({0, 2}), cutoff=time(9, 5), cost_per_unit=Decimal("0.1"), labels=("=a", "b")
    )
    columns = columns_of(Node)
    table = {name: np.array([None]) for name in columns}
    from quartermaster.domain.table import Table

    held = Table.from_rows(Node, [row])
    table = {name: file_cells(spec, held[name])[0] for name, spec in columns.items()}
    assert table["node_id"] == "'-n"
    assert table["ships_on"] == "mon;wed"
    assert table["cutoff"] == "09:05"
    assert table["cost_per_unit"] == "0.10"
    assert table["max_units"] == ""
    assert table["lat"] == ""
    assert table["labels"] == "'=a;b"
    assert document_cells(columns["labels"], held["labels"]) == [["=a", "b"]]
    assert document_cells(columns["max_units"], held["max_units"]) == [None]
    assert document_cells(columns["enabled"], held["enabled"]) == [True]


@pytest.mark.parametrize(
    ("row_type", "values"),
    [
        (OrderLine, {"order_id": "o", "line_id": "1", "sku": "s", "quantity": 2.5}),
        (OrderLine, {"order_id": "o", "line_id": "1", "sku": "s", "quantity": True}),
        (Product, {"sku": "s", "weight_g": "400"}),
        (Order, {"order_id": "o", "residential": "false"}),
    ],
)
def test_row_objects_of_wrong_type_are_never_cut_to_fit(row_type, values):
    from quartermaster.domain.table import Table

    with pytest.raises(TypeError):
        Table.from_rows(row_type, [row_type(**values)])


@pytest.mark.parametrize("text", ["{}x", "{}.{}x", "{}ex", "-{},"])
def test_a_long_text_that_is_no_number_is_refused_as_soon_as_it_is_read(text):
    """Once it took the square of its length: eight thousand digits and a letter held the process for a minute."""
    digits = "1" * 3_000
    bad, good = text.format(digits, digits), "0" * 6_000 + "1"
    yardstick = least_cpu_seconds(lambda: [read("rates", "price", good) for _ in range(100)])
    for place in (("rates", "price"), ("services", "fuel_surcharge"), ("orders", "lat"), ("products", "weight_g")):
        assert least_cpu_seconds(lambda place=place: refusal(*place, bad), tries=2) < yardstick

    def a_knob():
        with pytest.raises(PolicyError):
            policy_from_mapping({"backorder": {"cost_per_unit": bad}})

    assert least_cpu_seconds(a_knob, tries=2) < yardstick

"""One JSON document: its forms, its pointers, its strictness."""

import copy
import json
from decimal import Decimal

import pytest
from reading_cases import as_json, good_document, pointers, problems_of

from quartermaster import io
from quartermaster.io import json_text
from quartermaster.io.findings import shown


def sha(document):
    return io.snapshot_sha256(io.snapshot_from_document(document))


def test_tables_may_be_columns():
    document = good_document()
    rows = document["inventory"]
    columns = {name: [row.get(name) for row in rows] for name in ("node_id", "sku", "on_hand", "reserved")}
    assert sha({**document, "inventory": columns}) == sha(document)


def test_lines_may_stand_apart():
    document = good_document()
    lines = [{"order_id": order["order_id"], **line} for order in document["orders"] for line in order["lines"]]
    orders = [{name: cell for name, cell in order.items() if name != "lines"} for order in document["orders"]]
    assert sha({**document, "orders": orders, "order_lines": lines}) == sha(document)
    names = list(dict.fromkeys(name for order in orders for name in order))
    columns = {name: [order.get(name) for order in orders] for name in names}
    assert sha({**document, "orders": columns, "order_lines": lines}) == sha(document)


def test_lines_may_not_stand_in_both_places():
    document = good_document()
    document["order_lines"] = [{"order_id": "A-1", "line_id": "9", "sku": "NA", "quantity": 1}]
    assert pointers(document) == [("duplicate_row", "/order_lines")]


def test_a_line_may_repeat_its_orders_id_but_not_name_another():
    document = good_document()
    document["orders"][0]["lines"][0]["order_id"] = "A-1"
    assert sha(document) == sha(good_document())
    document["orders"][0]["lines"][0]["order_id"] = "A-2"
    assert ("order_conflict", "/orders/0/lines/0/order_id") in pointers(document)


def test_columns_point_at_their_cell():
    document = good_document()
    columns = {name: [row.get(name) for row in document["products"]] for name in ("sku", "weight_g")}
    columns["weight_g"][1] = 2.5
    assert pointers({**document, "products": columns}) == [("not_whole", "/products/weight_g/1")]
    columns["weight_g"].pop()
    assert ("type", "/products") in pointers({**document, "products": columns})
    columns["weight_g"] = 3
    assert ("type", "/products/weight_g") in pointers({**document, "products": columns})


@pytest.mark.parametrize(
    ("table", "value", "expected"),
    [
        (
            "snapshot",
            [],
            [("type", "/snapshot"), ("missing_field", "/snapshot/as_of"), ("missing_field", "/snapshot/currency")],
        ),
        ("orders", "none", [("type", "/orders")]),
        ("products", 3, [("type", "/products")]),
        ("nodes", [3], [("type", "/nodes/0"), ("missing_field", "/nodes/0/node_id")]),
    ],
)
def test_wrong_shapes(table, value, expected):
    found = pointers({**good_document(), table: value})
    assert [entry for entry in found if entry in expected] == expected


def test_lines_of_a_wrong_shape():
    document = good_document()
    document["orders"][1]["lines"] = {"line_id": "1"}
    assert pointers(document) == [("type", "/orders/1/lines")]
    document["orders"][1]["lines"] = ["1"]
    assert ("type", "/orders/1/lines/0") in pointers(document)


def test_pointers_escape_slashes_and_tildes():
    document = good_document()
    document["orders"][0]["a/b~c"] = 1
    assert pointers(document) == [("unknown_field", "/orders/0/a~1b~0c")]


def test_every_problem_is_listed_in_the_order_of_the_input():
    document = good_document()
    document["snapshot"]["currency"] = "XXX"
    document["orders"][0]["lines"][0]["quantity"] = 0
    document["orders"][1]["lines"][0]["sku"] = "none"
    document["products"][0]["weight_g"] = -1
    document["nodes"][0]["cost_per_shipment"] = "-1"
    document["inventory"][2]["on_hand"] = True
    assert pointers(document) == [
        ("currency_unknown", "/snapshot/currency"),
        ("qty_not_positive", "/orders/0/lines/0/quantity"),
        ("unknown_sku", "/orders/1/lines/0/sku"),
        ("weight_not_positive", "/products/0/weight_g"),
        ("money_range", "/nodes/0/cost_per_shipment"),
        ("type", "/inventory/2/on_hand"),
    ]


def test_one_and_true_are_told_apart():
    document = good_document()
    document["inventory"][0]["on_hand"] = 1
    document["inventory"][1]["on_hand"] = True
    document["inventory"][2]["on_hand"] = Decimal(1)
    assert pointers(document) == [("type", "/inventory/1/on_hand"), ("qty_not_whole", "/inventory/2/on_hand")]


def test_values_are_shown_safely():
    document = good_document()
    document["orders"][0]["lines"][0]["sku"] = "=\u202e\x07" + "x" * 200
    (problem,) = problems_of(io.snapshot_from_document, document)
    assert problem.value.startswith("=\\u202e\\x07")
    assert len(problem.value) == 64
    assert problem.value.isprintable()


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (b'{"a": tru}', "json_syntax", ""),
        (b"{'a': 1}", "json_syntax", ""),
        (b'{"a": 1,}', "json_syntax", ""),
        (b'{"a": "x\ny"}', "json_syntax", ""),
        (b"[1] [2]", "json_syntax", ""),
        (b'{"a": [{"b": 1, "b": 1}]}', "json_duplicate_key", "/a/0/b"),
        (b'{"a": [1, Infinity]}', "json_nonfinite", "/a/1"),
        (b'{"a": -1e400}', "number_out_of_range", "/a"),
        (b'{"a": 1e-400}', "number_out_of_range", "/a"),
        (b'{"a": 1e99999999999999999999}', "number_out_of_range", "/a"),
        (b'{"a": 9e308}', "number_out_of_range", "/a"),
        (b'{"a": -1.8e308}', "number_out_of_range", "/a"),
        (b'{"a": 1' + b"0" * 18 + b"}", "number_out_of_range", "/a"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "json_syntax", ""),
        (b'{"\\ud800": 1}', "encoding", "/\\ud800"),
        (b'{"a": "\\udc00\\ud800"}', "encoding", "/a"),
        (b"\xff\xfe{\x00}\x00", "encoding", ""),
        (b'{"a": "\xed\xa0\x80"}', "encoding", ""),
        (b"", "missing_field", ""),
        (b" \n", "missing_field", ""),
        (b"[" * 21 + b"]" * 21, "json_too_deep", ""),
        (b'{"a":' * 1_000 + b"1" + b"}" * 1_000, "json_too_deep", ""),
    ],
)
def test_what_the_parser_refuses(data, code, pointer):
    (problem,) = problems_of(io.parse_document, data)
    assert (problem.code, problem.pointer) == (code, pointer)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": "[[[[[[[[[[[[[[[[[[[[[[[[[\\"[{"}', {"a": '[[[[[[[[[[[[[[[[[[[[[[[[["[{'}),
        (b"[" * 20 + b"]" * 20, eval("[" * 20 + "]" * 20)),  # noqa: S307 - a literal
        (b"0.10", Decimal("0.10")),
        (b"-0", 0),
        (b"0e999", Decimal(0)),
        (b"1.7e308", Decimal("1.7e308")),
        (b"999999999999999999", 10**18 - 1),
        (b"\xef\xbb\xbf{}", {}),
    ],
)
def test_what_the_parser_accepts(data, value):
    assert io.parse_document(data) == value


def test_syntax_errors_name_the_byte():
    (problem,) = problems_of(io.parse_document, '{"é": x}'.encode())
    assert "byte 7" in problem.detail


def test_a_document_is_read_as_written_back():
    document = good_document()
    first = io.snapshot_from_document(document)
    again = io.snapshot_document(first)
    assert sha(io.parse_document(as_json(again))) == sha(document)
    assert again["snapshot"] == {"as_of": "2026-11-02T13:00:00+00:00", "currency": "USD", "version": "monday"}
    assert again["orders"][0]["lines"][1]["backorder_cost"] == "12.50"
    assert json.dumps(again, allow_nan=False)


def test_reading_does_not_change_the_document():
    document = good_document()
    before = copy.deepcopy(document)
    io.snapshot_from_document(document)
    assert document == before


def test_values_of_64_characters_are_shown_whole():
    assert shown("x" * 64) == "x" * 64
    assert shown("x" * 65) == "x" * 63 + "…"
    assert shown("\n" * 40) == "\\n" * 31 + "\\…"
    assert shown(None) == ""


@pytest.mark.parametrize("text", [
    '{"a": 40.712800000000000001, "b": [0.10, -0.0, 1.7E+308, 5, true, null], "c": {"\u00e9\\"": "x\\ny"}}',
    '{"a": 1, "b": ["40.70"]}', "0.10", "[]", "{}",
])  # fmt: skip
def test_a_document_is_written_with_the_digits_it_came_with(text):
    assert io.exact_json(io.parse_document(text.encode())) == text


def test_a_document_is_written_by_parts_as_all_at_once():
    document = {"b": [1, "\u00e9", None, {"d": True, "c": ""}], "a": {}}
    assert io.exact_json({**document, "n": Decimal(1)}) == io.exact_json({**document, "n": 1})
    for number in (Decimal("inf"), Decimal("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"finite|range"):
            io.exact_json([number])


@pytest.mark.parametrize("block", range(1, 40))
def test_the_depth_is_the_same_wherever_a_block_ends(monkeypatch, block):
    deep, shallow = rb'["\\\\\"[[[", {"\"\\": "\\\\[", "b": [[' + b"]]}]", rb'["\\\\\\\"", "[[[[[[\\"]'
    monkeypatch.setattr(json_text, "_BLOCK", block)
    for text, depth in ((deep, 4), (shallow, 1)):
        monkeypatch.setattr(json_text, "MAX_JSON_DEPTH", depth)
        assert io.parse_document(text)
        monkeypatch.setattr(json_text, "MAX_JSON_DEPTH", depth - 1)
        (problem,) = problems_of(io.parse_document, text)
        assert problem.code == "json_too_deep"


def test_escapes_are_taken_out_block_by_block():
    """A thread that waits its turn has it between two blocks: none is of more than a block and what its end escapes."""
    data = b'"' + rb"\\" * 200_000 + b'"'
    blocks = list(json_text._unescaped(data))
    assert max(map(len, blocks)) <= json_text._BLOCK + 1
    assert sum(map(len, blocks)) == len(data)
    assert set(b"".join(blocks)) == set(b'"_')

"""certificate.json and prices.csv: bytes that repeat, a strict way back, and what fits no snapshot."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest
from good_plan import good_plan, good_snapshot

from quartermaster.domain.certificate import Certificate, NodePrices, OpeningShares, StockPrices
from quartermaster.errors import InputError
from quartermaster.io import certificate_bytes, certificate_problems, read_certificate, write_plan
from quartermaster.io.codes import CODES

SHA256 = "0" * 64
CERTIFICATE = Certificate(
    snapshot_sha256=SHA256,
    bound_micro=529_999_999,
    stock=StockPrices(node_id=("N1", "N3"), sku=("tea", "lamp"), price_micro=(12_500_000, 1)),
    shipments=NodePrices(node_id=("N2",), price_micro=(3_000_000,)),
    units=NodePrices(node_id=("N3",), price_micro=(10**18 - 1,)),
    shares=OpeningShares(order_id=("O1", "O2"), node_id=("N3", "N3"), share_micro=(5, 7)),
)


@pytest.fixture
def folder(tmp_path):
    write_plan(good_plan(certificate=CERTIFICATE), tmp_path)
    return tmp_path


def document():
    return json.loads(certificate_bytes(CERTIFICATE))


def problems_of(folder, given):
    (folder / "certificate.json").write_bytes(given if isinstance(given, bytes) else json.dumps(given).encode())
    with pytest.raises(InputError) as caught:
        read_certificate(folder)
    assert all(problem.code in CODES and problem.file == "certificate.json" for problem in caught.value.problems)
    return [(problem.pointer, problem.code) for problem in caught.value.problems]


# There and back.


def test_what_is_written_reads_back(folder):
    assert read_certificate(folder) == CERTIFICATE
    empty = Certificate(snapshot_sha256=SHA256, bound_micro=-5)
    write_plan(good_plan(certificate=empty), folder)
    assert read_certificate(folder) == empty


def test_the_bytes_are_a_function_of_the_content(folder):
    data = (folder / "certificate.json").read_bytes()
    assert data == certificate_bytes(read_certificate(folder))
    assert data.endswith(b"}\n")
    assert list(document()) == sorted(document())
    assert document()["stock"] == {"node_id": ["N1", "N3"], "sku": ["tea", "lamp"], "price_micro": [12_500_000, 1]}
    assert document()["bound"] == "529.999999"


def test_prices_stand_as_decimals(folder):
    assert (folder / "prices.csv").read_text() == (
        "resource,node_id,sku,price\n"
        "stock,N1,tea,12.50\n"
        "stock,N3,lamp,0.000001\n"
        "shipments,N2,,3.00\n"
        "units,N3,,999999999999.999999\n"
    )


def test_no_id_is_a_formula_to_a_spreadsheet(tmp_path):
    sku = '=HYPERLINK("http://x","y")'
    priced = replace(CERTIFICATE, stock=StockPrices(node_id=("N1",), sku=(sku,), price_micro=(1,)))
    write_plan(good_plan(certificate=priced), tmp_path)
    rows = list(csv.DictReader((tmp_path / "prices.csv").open(newline="", encoding="utf-8")))
    assert rows[0]["sku"] == "'" + sku
    assert read_certificate(tmp_path).stock.sku == (sku,)


def test_plan_json_carries_both_bounds(folder):
    held = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert (held["bound"], held["gap"]) == ("530.00", "0.015133156")
    assert held["certified_bound"] == "529.999999"
    assert held["certified_gap"] == "0.015133158"  # 8.143815 / 538.143814 = 0.0151331572, rounded up


def test_a_rule_leaves_no_certificate_of_an_earlier_plan(folder):
    (folder / "kept.txt").write_text("kept")
    write_plan(good_plan(bound_micro=None, strategy="cheapest"), folder)
    assert {path.name for path in folder.iterdir()} == {
        "allocations.csv", "shipments.csv", "backorders.csv", "plan.json", "run.json", "kept.txt",
    }  # fmt: skip
    held = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert (held["certified_bound"], held["certified_gap"]) == (None, None)


def test_an_earlier_certificate_stays_where_the_new_plan_cannot_be_written(folder):
    (folder / "plan.json").unlink()
    (folder / "plan.json").mkdir()
    with pytest.raises(InputError):
        write_plan(good_plan(bound_micro=None, strategy="cheapest"), folder)
    assert read_certificate(folder) == CERTIFICATE


# Refusals.

SPOILT = {
    "cut off": (b'{"version": 1, "sto', [("", "json_syntax")]),
    "an array": (b"[]", [("", "type")]),
    "empty": (b"", [("", "missing_field")]),
    "a key twice": (b'{"version": 1, "version": 1}', [("/version", "json_duplicate_key")]),
    "a number of 30 digits": (b'{"version": ' + b"9" * 30 + b"}", [("/version", "number_out_of_range")]),
}
CHANGES = {
    "another version": (("version",), 2, [("/version", "choice")]),
    "version true": (("version",), True, [("/version", "choice")]),
    "no hash": (("snapshot_sha256",), None, [("/snapshot_sha256", "type")]),
    "bound a number": (("bound",), 530, [("/bound", "type")]),
    "bound of seven decimals": (("bound",), "1.0000001", [("/bound", "money_scale")]),
    "a kind too many": (("lorries",), {}, [("/lorries", "unknown_field")]),
    "stock missing": (("stock",), None, [("/stock", "type")]),
    "stock a list": (("stock",), [1], [("/stock", "type")]),
    "a column too many": (("stock", "zone"), [], [("/stock/zone", "unknown_field")]),
    "a column missing": (("units", "node_id"), None, [("/units/node_id", "type")]),
    "columns of two lengths": (("stock", "sku"), ["tea"], [("/stock", "type")]),
    "price negative": (("stock", "price_micro"), [-1, 1], [("/stock/price_micro/0", "out_of_range")]),
    "price text": (("stock", "price_micro"), ["1", 1], [("/stock/price_micro/0", "not_whole")]),
    "price a fraction": (("stock", "price_micro"), [1, 1.5], [("/stock/price_micro/1", "not_whole")]),
    "price true": (("shipments", "price_micro"), [True], [("/shipments/price_micro/0", "not_whole")]),
    "price null": (("units", "price_micro"), [None], [("/units/price_micro/0", "not_whole")]),
    "share negative": (("shares", "share_micro"), [5, -7], [("/shares/share_micro/1", "out_of_range")]),
    "id a number": (("stock", "node_id"), ["N1", 3], [("/stock/node_id/1", "type")]),
    "priced twice": (("stock",), {"node_id": ["N1"] * 2, "sku": ["tea"] * 2, "price_micro": [1, 2]},
                     [("/stock/1", "duplicate_row")]),
    "pays twice": (("shares", "order_id"), ["O1", "O1"], [("/shares/1", "duplicate_row")]),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_bytes_are_refused(name, tmp_path):
    data, expected = SPOILT[name]
    assert problems_of(tmp_path, data) == expected


@pytest.mark.parametrize("name", CHANGES)
def test_a_spoilt_document_is_refused_with_its_place(name, tmp_path):
    path, value, expected = CHANGES[name]
    given = document()
    place = given
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert problems_of(tmp_path, given) == expected


def test_all_problems_are_told_at_once(tmp_path):
    given = document()
    given["version"] = 7
    given["stock"]["price_micro"] = [-1, "x"]
    given["shares"]["order_id"] = [1, None]
    assert problems_of(tmp_path, given) == [
        ("/version", "choice"),
        ("/stock/price_micro/0", "out_of_range"),
        ("/stock/price_micro/1", "not_whole"),
        ("/shares/order_id/0", "type"),
        ("/shares/order_id/1", "type"),
    ]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError) as caught:
        read_certificate(tmp_path)
    assert [(problem.file, problem.code) for problem in caught.value.problems] == [("certificate.json", "file_missing")]


@pytest.mark.parametrize(
    "part",
    [
        lambda: StockPrices(node_id=("N1",), sku=("tea",), price_micro=(-1,)),
        lambda: StockPrices(node_id=("N1",), sku=(), price_micro=(1,)),
        lambda: NodePrices(node_id=("N1", "N1"), price_micro=(1, 2)),
        lambda: OpeningShares(order_id=("O1",), node_id=("N1",), share_micro=(-3,)),
    ],
)
def test_an_impossible_certificate_cannot_be_made(part):
    with pytest.raises(ValueError, match=r"negative|twice|length"):
        part()


# Whether it fits.


def unfit(**parts):
    certificate = replace(Certificate(snapshot_sha256=SHA256, bound_micro=0), **parts)
    return [(problem.pointer, problem.code) for problem in certificate_problems(certificate, good_snapshot(), SHA256)]


def test_what_the_snapshot_has_fits():
    nodes = {node.node_id: node for node in good_snapshot().nodes}
    row = next(iter(good_snapshot().inventory))
    assert unfit(stock=StockPrices(node_id=(row.node_id,), sku=(row.sku,), price_micro=(1,))) == []
    for kind in ("shipments", "units"):
        limited = tuple(name for name, node in nodes.items() if getattr(node, f"max_{kind}") is not None)
        assert unfit(**{kind: NodePrices(node_id=limited, price_micro=(1,) * len(limited))}) == []
        free = tuple(sorted(set(nodes) - set(limited)))
        assert free
        found = unfit(**{kind: NodePrices(node_id=free, price_micro=(1,) * len(free))})
        assert found == [(f"/{kind}/node_id/{at}", "unknown_resource") for at in range(len(free))]
    order_id = next(iter(good_snapshot().orders)).order_id
    for name, node in nodes.items():
        share = OpeningShares(order_id=(order_id,), node_id=(name,), share_micro=(1,))
        assert (unfit(shares=share) == []) == (node.opening_cost > 0)


def test_what_it_does_not_have_is_named():
    assert unfit(snapshot_sha256="1" * 64) == [("/snapshot_sha256", "other_snapshot")]
    assert unfit(stock=StockPrices(node_id=("N9", "N1"), sku=("tea", "sofa"), price_micro=(1, 1))) == [
        ("/stock/node_id/0", "unknown_node"),
        ("/stock/sku/1", "unknown_sku"),
    ]
    listed = {(row.node_id, row.sku) for row in good_snapshot().inventory}
    pairs = [(node.node_id, product.sku) for node in good_snapshot().nodes for product in good_snapshot().products]
    absent = next(pair for pair in pairs if pair not in listed)
    assert unfit(stock=StockPrices(node_id=absent[:1], sku=absent[1:], price_micro=(1,))) == [
        ("/stock/0", "unknown_resource")
    ]
    assert unfit(shares=OpeningShares(order_id=("O99",), node_id=("N9",), share_micro=(1,))) == [
        ("/shares/order_id/0", "unknown_order"),
        ("/shares/node_id/0", "unknown_node"),
    ]
    assert unfit(units=NodePrices(node_id=("N9",), price_micro=(1,))) == [("/units/node_id/0", "unknown_node")]

"""The page: self-contained, well-formed, escaped, right in its figures, in every shape of snapshot."""

from __future__ import annotations

import builtins
import dataclasses
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from handmade_plan import handmade_plan
from report_days import BERLIN, COLOGNE, MUNICH, NOWHERE, day_at

from quartermaster.demo import demo_snapshot
from quartermaster.domain.certificate import Certificate, NodePrices, StockPrices
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError
from quartermaster.policy import RULES
from quartermaster.report import report_html

_VOID = {"meta", "br", "hr", "img", "link", "input"}


class _Page(HTMLParser):
    """Checks nesting and keeps texts, ids and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def _checked(page: str) -> _Page:
    """Read a page and assert what holds for every one."""
    held = _Page(page)
    assert not held.open
    assert len(held.ids) == len(set(held.ids))
    assert "script" not in held.tags
    assert "link" not in held.tags
    assert not re.search(r"https?:|//[a-z]|@import", page)
    for name, value in held.attributes:
        if name in {"src", "href", "xlink:href", "srcset", "data"}:
            assert value.startswith("#")
        assert "nan" not in value.lower().split(",")
    assert all(found.startswith("#") for found in re.findall(r"url\(([^)]*)\)", page))
    assert "NaN" not in page
    assert "None" not in held.text()
    return held


@pytest.fixture(scope="module")
def demo() -> tuple[Snapshot, Plan, list[Plan]]:
    snapshot = demo_snapshot(orders=150, nodes=14, skus=60)
    plan = handmade_plan(snapshot)
    return snapshot, plan, [handmade_plan(snapshot, name, 1.05 + 0.1 * rank) for rank, name in enumerate(RULES)]


@pytest.fixture(scope="module")
def page(demo: tuple[Snapshot, Plan, list[Plan]]) -> str:
    snapshot, plan, others = demo
    return report_html(snapshot, plan, others)


def test_page_is_whole_and_names_what_it_shows(page: str, demo: tuple[Snapshot, Plan, list[Plan]]) -> None:
    text = _checked(page).text()
    snapshot, plan, others = demo
    assert f"150 orders planned together for ${plan.objective.total:,.0f}" in text
    best = others[0]
    amount = best.objective.total - plan.objective.total
    assert f"${amount:,.2f} ({100 * amount / best.objective.total:.1f} %) less than the best rule, “cheapest”" in text
    assert "at most 0.31 % is left to gain" in text  # 0.305 %, rounded up
    assert plan.snapshot_sha256 in text
    for heading in (
        "Where it ships from",
        "What it costs",
        "What customers see",
        "The busiest nodes",
        "What waits, and why",
    ):
        assert heading in text
    for name in ("highest stock", "fewest shipments", "Transport", "Handling", "Backorders", "ortools 9.15", "solve"):
        assert name in text
    assert page.count("<svg") == 4
    assert all(node in text for node in snapshot.nodes["node_id"][snapshot.nodes["kind"] == "dc"])


def test_the_same_plan_gives_the_same_page(page: str, demo: tuple[Snapshot, Plan, list[Plan]]) -> None:
    snapshot, plan, others = demo
    assert report_html(snapshot, plan, [plan, *others]) == page


def test_ids_are_escaped_wherever_they_stand() -> None:
    snapshot = day_at(
        [BERLIN] * 4 + [MUNICH] * 3, [COLOGNE, MUNICH],
        order_id="<b>{}&amp;\"'", node_id="<script>alert({})</script>", sku="</svg><i onload=\"x\">&", max_shipments=4,
    )  # fmt: skip
    page = report_html(snapshot, handmade_plan(snapshot, fill=0.5))
    held = _checked(page)
    assert "i" not in held.tags
    assert "<script>alert(0)</script>" in held.text()
    assert '</svg><i onload="x">&' in held.text()
    assert not any(name.startswith("on") for name, _ in held.attributes)


_SHAPES: dict[str, tuple[Any, Any, float]] = {
    "elsewhere": ([BERLIN, MUNICH, COLOGNE], [BERLIN, MUNICH], 0.6),
    "one_point": ([BERLIN], [BERLIN], 1.0),
    "nowhere": ([NOWHERE, NOWHERE], [NOWHERE], 1.0),
    "orders_nowhere": ([NOWHERE, NOWHERE], [BERLIN, MUNICH], 1.0),
    "nodes_nowhere": ([BERLIN, MUNICH], [NOWHERE, COLOGNE, NOWHERE], 0.5),
    "everything_waits": ([BERLIN, MUNICH], [BERLIN], 0.0),
    "both_sides_of_the_date_line": ([(-41.3, 174.8), (-13.8, -172.1)], [(-17.7, 178.0), (21.3, -157.8)], 1.0),
    "poles": ([(89.9, 0.0), (-89.9, 10.0)], [(0.1, 0.1)], 1.0),
}


@pytest.mark.parametrize("shape", _SHAPES)
def test_every_shape_of_snapshot_has_its_page(shape: str) -> None:
    destinations, nodes, fill = _SHAPES[shape]
    snapshot = day_at(destinations, nodes)
    text = _checked(report_html(snapshot, handmade_plan(snapshot, fill=fill))).text()
    assert ("there is no map" in text) == (shape == "nowhere")
    assert ("Nothing: every unit ordered ships" in text) == (fill == 1.0)
    assert ("No node ships anything" in text) == (fill == 0.0)


def test_what_waits_with_a_date_is_told() -> None:
    snapshot = day_at([BERLIN, MUNICH, COLOGNE], [BERLIN])
    plan = handmade_plan(snapshot, fill=0.0)
    assert "With a date" not in _checked(report_html(snapshot, plan)).text()
    days = {
        "expected_ship_date": ["2026-03-09", "", "2026-03-04"],
        "expected_delivery_date": ["2026-03-11", "", "2026-03-05"],
    }
    dated = dataclasses.replace(plan, backorders=plan.backorders.assign(**days))
    text = _checked(report_html(snapshot, dated)).text()
    assert "Inbound supply gives 4 of them a date, 2026-03-11 at the latest." in text
    assert "With a date" in text


def test_one_node_over_the_states() -> None:
    snapshot = demo_snapshot(orders=20, nodes=1, skus=5)
    text = _checked(report_html(snapshot, handmade_plan(snapshot, fill=1.0))).text()
    assert "1 of 1 node ships" in text


def test_a_rule_as_the_plan_claims_no_proof(demo: tuple[Snapshot, Plan, list[Plan]]) -> None:
    snapshot, plan, others = demo
    text = _checked(report_html(snapshot, others[0], [plan])).text()
    assert "planned by the rule “cheapest”" in text
    assert "proven" not in text.replace("Proven gap", "")
    assert "more than the best other plan, “planned together”" in text


def test_a_plan_at_its_bound_is_called_proven() -> None:
    snapshot = day_at([BERLIN], [MUNICH])
    plan = handmade_plan(snapshot)
    proven = dataclasses.replace(plan, bound_micro=plan.objective.total_micro)
    assert "It is proven that no plan of this day costs less." in _checked(report_html(snapshot, proven)).text()
    unbounded = dataclasses.replace(plan, bound_micro=None)
    assert "no bound was found" in _checked(report_html(snapshot, unbounded)).text()


def test_ten_thousand_orders_stay_readable() -> None:
    snapshot = demo_snapshot(orders=10_000, nodes=100, skus=500)
    plan = handmade_plan(snapshot)
    started = time.process_time()
    page = report_html(snapshot, plan)
    assert time.process_time() - started < 20
    assert len(page) < 1_500_000
    _checked(page)


def test_without_the_extra_the_way_to_get_it_is_told(
    monkeypatch: pytest.MonkeyPatch, demo: tuple[Snapshot, Plan, list[Plan]]
) -> None:
    genuine = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "vl_convert":
            raise ImportError("No module named 'vl_convert'", name=name)
        return genuine(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=re.escape('pip install "quartermaster[report]"')):
        report_html(demo[0], demo[1])


def test_prices_of_scarce_stock_have_their_section(demo: tuple[Snapshot, Plan, list[Plan]]) -> None:
    snapshot, plan, _ = demo
    assert "Prices of scarce stock" not in _checked(report_html(snapshot, plan)).text()
    free = Certificate(snapshot_sha256=plan.snapshot_sha256, bound_micro=plan.objective.total_micro // 2)
    text = _checked(report_html(snapshot, dataclasses.replace(plan, certificate=free))).text()
    assert "no resource has a price" in text
    assert "Certified gap 50 % (0.500000000)" in text
    stock = list(snapshot.inventory)[:15]
    node = snapshot.nodes["node_id"][0]
    priced = dataclasses.replace(
        free,
        stock=StockPrices(
            node_id=tuple(row.node_id for row in stock),
            sku=tuple(row.sku for row in stock),
            price_micro=tuple(range(1_250_000, 1_250_000 + len(stock))),
        ),
        shipments=NodePrices(node_id=(node,), price_micro=(7_000_000,)),
    )
    page = report_html(snapshot, dataclasses.replace(plan, certificate=priced))
    text = _checked(page).text()
    assert "16 resources have one; the dearest 12 are shown" in text
    assert page.count("<svg") == 5
    taken = int((plan.shipments["node_id"] == node).sum())
    assert f"shipments of {node}" in text
    assert f"$7.00: {taken:,} of " in text
    ordered = int(snapshot.order_lines["quantity"][snapshot.order_lines["sku"] == stock[-1].sku].sum())
    assert f"{stock[-1].sku} at {stock[-1].node_id}" in text
    assert f"{ordered} ordered in all" in text

"""Plans that people bring: few columns, odd types, nonsense. Evaluation answers, it never raises."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from good_plan import OBJECTIVE, bare_draft, full_draft, good_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.plan import ALLOCATION_COLUMNS, BACKORDER_COLUMNS, SHIPMENT_COLUMNS, Objective
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation import RULES, evaluate_tables
from quartermaster.evaluation.plan_rows import micro, whole
from quartermaster.policy import ObjectivePolicy, Policy


def test_ids_nodes_quantities_and_services_suffice():
    draft = bare_draft()
    frames = draft.frames()
    frames["allocations"] = frames["allocations"].drop(columns=["sku", "node_id"])
    evaluation = evaluate_tables(draft.snapshot, draft.policy, **frames)
    assert evaluation.violations == ()
    assert evaluation.objective == OBJECTIVE


@pytest.mark.parametrize("empty", ["", None, float("nan"), pd.NaT, pd.NA], ids=str)
def test_a_derived_cell_that_is_not_given_is_not_compared(empty):
    draft = full_draft()
    for row in draft.shipments:
        row.update(dict.fromkeys(SHIPMENT_COLUMNS[5:], empty))
    assert evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).violations == ()


def test_numbers_may_come_as_text_floats_or_numpy_and_dates_as_timestamps():
    draft = full_draft()
    for row in draft.allocations:
        row["quantity"] = str(row["quantity"])
    for row in draft.shipments:
        row.update(units=np.int64(row["units"]), parcels=float(row["parcels"]))
        row.update(ship_date=pd.Timestamp(row["ship_date"]), transport=float(row["transport"]))
    assert evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).violations == ()


@pytest.mark.parametrize("quantity", [True, np.True_, "three", "", None, 1e400, Decimal("NaN"), "1.5", -3, object()])
def test_a_quantity_that_is_no_whole_number_is_a_violation(quantity):
    draft = bare_draft()
    frames = draft.frames()
    frames["allocations"]["quantity"] = pd.Series([quantity] * len(frames["allocations"]), dtype=object)
    evaluation = evaluate_tables(draft.snapshot, draft.policy, **frames)
    assert {violation.rule for violation in evaluation.violations} == {"quantity", "shipment_empty"}


ENDLESS = ["1e500000", "-1e500000", "1e-500000", "1" * 500_000, "0." + "1" * 500_000, "1e999999999999999999"]
"""Texts of numbers that are short to write, or of more digits than an amount has."""


@pytest.mark.parametrize("cell", [*ENDLESS, *map(Decimal, ENDLESS)], ids=lambda cell: repr(cell)[:20])
def test_a_number_of_more_digits_than_anything_costs_is_none(cell):
    """It would be written out before it is compared: of a few more digits, that takes for ever."""
    assert micro(cell) is None
    assert whole(cell) is None


def test_zero_is_zero_however_it_is_written():
    assert micro("0e500000") == micro(Decimal("0e500000")) == micro("0." + "0" * 500_000) == 0
    assert whole("-0e500000") == 0


def test_an_endless_claim_is_a_violation():
    draft = full_draft()
    draft.shipments[0]["transport"] = "1e500000"
    (found,) = evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).violations
    assert found.rule == "wrong_transport"


def test_ids_are_compared_byte_for_byte():
    draft = bare_draft()
    draft.shipment("S1")["node_id"] = "n1"
    (found, *_) = evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).violations
    assert found.rule == "unknown_node"


def test_empty_tables_without_columns_are_named_not_raised():
    evaluation = evaluate_tables(good_snapshot(), Policy(), pd.DataFrame(), pd.DataFrame(), pd.DataFrame())
    assert {violation.rule for violation in evaluation.violations} >= {"missing_column", "wrong_backorder"}


def test_without_services_the_one_service_costs_nothing_and_arrives_the_same_day():
    snapshot = Snapshot(
        as_of=good_snapshot().as_of, currency="USD", checked=True, products=good_snapshot().products,
        orders=[Order(order_id="O1", lat=0.0, lon=1.0, service_level="express")],
        order_lines=[OrderLine(order_id="O1", line_id="1", sku="tea", quantity=2)],
        nodes=[Node(node_id="N1", lat=0.0, lon=0.0, cost_per_unit=Decimal("0.10"))],
        inventory=[row for row in good_snapshot().inventory if (row.node_id, row.sku) == ("N1", "tea")],
    )  # fmt: skip
    policy = Policy(objective=ObjectivePolicy(cost_per_shipment_km=Decimal("0.01")))
    allocations = pd.DataFrame([("O1", "1", "tea", "N1", 2, "S")], columns=ALLOCATION_COLUMNS)
    row = ("S", "O1", "N1", "", "none", "", 1, 800, 111195, 2, "2026-09-04", "2026-09-04", "0", "0.20", "1.11195", "0")
    shipments = pd.DataFrame([row], columns=SHIPMENT_COLUMNS)
    evaluation = evaluate_tables(snapshot, policy, allocations, shipments)
    assert evaluation.violations == ()
    assert evaluation.objective == Objective(handling_micro=200_000, distance_micro=1_111_950)
    other = evaluate_tables(snapshot, policy, allocations, shipments.assign(service="ground"))
    assert [violation.rule for violation in other.violations] == ["unknown_service"]


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.floats(),
    st.decimals(),
    st.text(max_size=3),
    st.sampled_from(["O1", "O2", "1", "2", "N1", "N2", "S1", "S2", "post", "ground", "tea", "A", "2026-09-10"]),
)


def _tables(columns):
    return st.lists(st.tuples(*[CELLS] * len(columns)), max_size=4).map(
        lambda rows: pd.DataFrame(rows, columns=columns, dtype=object)
    )


@settings(max_examples=150, deadline=None)
@given(_tables(ALLOCATION_COLUMNS), _tables(SHIPMENT_COLUMNS), _tables(BACKORDER_COLUMNS))
def test_nonsense_never_raises_and_names_only_known_rules(allocations, shipments, backorders):
    draft = bare_draft()
    evaluation = evaluate_tables(draft.snapshot, draft.policy, allocations, shipments, backorders)
    assert {violation.rule for violation in evaluation.violations} <= set(RULES)
    assert evaluation.objective.total_micro > 0

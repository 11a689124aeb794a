"""Each command does what its help says, from a shell's point of view."""

from __future__ import annotations

import inspect
import json
import shutil
from pathlib import Path

import pytest

from quartermaster.cli.commands.demo import demo
from quartermaster.demo import demo_snapshot
from quartermaster.policy import OPTIMAL, RULES

LIMIT = ("--time-limit", "10")
PLAN_FILES = {
    "allocations.csv", "shipments.csv", "backorders.csv", "plan.json", "run.json", "certificate.json", "prices.csv",
    "report.html",
}  # fmt: skip


def files_of(folder):
    return {path.name for path in Path(folder).iterdir()}


def test_from_nothing_to_a_judged_plan(command):
    assert command("init", "day").code == 0
    validated = command("validate", "day")
    assert (validated.code, "day: valid" in validated.out) == (0, True)
    planned = command("plan", "day", "--policy", "day/policy.toml", *LIMIT)
    assert planned.code == 0
    assert "total" in planned.out
    assert files_of("plan") == PLAN_FILES
    judged = command("evaluate", "day", "plan")
    assert (judged.code, "No violations" in judged.out) == (0, True)


def test_demo_writes_plans_and_compares(command):
    done = command("demo", "--orders", "30", "--nodes", "5", "--skus", "30", "--seed", "4", *LIMIT)
    assert done.code == 0
    assert done.err == ""
    assert files_of("quartermaster-demo/plan") == PLAN_FILES
    for name in (OPTIMAL, *RULES):
        assert name in done.out
    for words in ("Backorders", "fill rate", "gap", "quartermaster-demo/plan/report.html", "less than the best rule"):
        assert words in done.out
    assert command("evaluate", "quartermaster-demo/snapshot", "quartermaster-demo/plan").code == 0


def test_demo_has_the_defaults_of_the_generator():
    wanted = inspect.signature(demo_snapshot).parameters
    given = inspect.signature(demo).parameters
    assert {name: given[name].default for name in wanted} == {name: wanted[name].default for name in wanted}


def test_plan_prints_the_machine_form_and_nothing_else(command, day):
    done = command("plan", day, "--json", *LIMIT)
    document = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert files_of(".") == set()
    again = command("plan", day, "--json", "--out", "out/deep", "--no-report", *LIMIT)
    written = json.loads(Path("out/deep/plan.json").read_text())
    assert json.loads(again.out) == written
    assert written["objective"] == document["objective"]
    assert files_of("out/deep") == PLAN_FILES - {"report.html"}


def test_the_strategy_of_the_command_line_wins(command, day):
    Path("p.toml").write_text('strategy = "cheapest"\n[solver]\nseed = 3\n')
    document = json.loads(command("plan", day, "--policy", "p.toml", "--strategy", "nearest", "--json").out)
    assert (document["strategy"], document["status"], document["bound"]) == ("nearest", "heuristic", None)
    assert document["policy"]["solver"]["seed"] == 3


def test_a_required_gap_decides_the_exit_code(command, day):
    met = command("plan", day, "--json", "--require-gap", "1", *LIMIT)
    assert met.code == 0
    missed = command("plan", day, "--strategy", "nearest", "--require-gap", "1")
    assert missed.code == 3
    assert "no bound" in missed.err
    assert Path("plan/plan.json").exists()  # the plan is written all the same


def test_evaluate_prints_exactly_what_the_interface_says(command, day):
    planned = json.loads(command("plan", day, "--json", "--out", "plan", "--no-report", *LIMIT).out)
    done = command("evaluate", day, "plan", "--json")
    document = json.loads(done.out)
    assert (done.code, list(document)) == (0, ["total", "terms", "violations"])
    total = planned["objective"].pop("total")
    assert (document["total"], document["terms"], document["violations"]) == (total, planned["objective"], [])


def test_evaluate_leaves_with_4_on_violations(command, day):
    command("plan", day, "--json", "--out", "plan", "--no-report", "--strategy", "nearest")
    path = Path("plan/allocations.csv")
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows, rows[-1]]) + "\n")
    done = command("evaluate", day, "plan", "--json")
    assert done.code == 4
    violations = json.loads(done.out)["violations"]
    assert {"rule", "where", "message"} == set(violations[0])
    assert "duplicate_allocation" in {violation["rule"] for violation in violations}
    shown = command("evaluate", day, "plan")
    assert (shown.code, "duplicate_allocation" in shown.out) == (4, True)


def test_compare_sets_the_rules_beside_the_optimum(command, day):
    done = command("compare", day, "--json", *LIMIT)
    rows = json.loads(done.out)
    assert [row["strategy"] for row in rows] == [OPTIMAL, *RULES]
    assert all(float(row["objective"]["total"]) >= float(rows[0]["objective"]["total"]) for row in rows)
    assert all(row["seconds"] >= 0 for row in rows)
    shown = command("compare", day, *LIMIT)
    assert (shown.code, "saved" in shown.out) == (0, True)


def test_validate_says_what_the_input_will_mean(command, day):
    shutil.copytree(day, "short")
    path = Path("short/orders.csv")
    header, *rows = path.read_text().splitlines()
    level = header.split(",").index("service_level")
    cells = rows[0].split(",")
    cells[level] = "by-rocket"
    path.write_text("\n".join([header, ",".join(cells), *rows[1:]]) + "\n")
    done = command("validate", "short", "--json")
    document = json.loads(done.out)
    assert (done.code, document["valid"], document["counts"]["orders"]) == (0, True, 40)
    remarks = {remark["name"]: remark for remark in document["remarks"]}
    assert remarks["orders_without_service"]["count"] == 1
    assert remarks["orders_without_service"]["examples"] == [[cells[0]]]
    assert remarks["lanes_without_service"]["count"] >= 6
    shown = command("validate", "short")
    assert (shown.code, "orders without service" in shown.out) == (0, True)


def test_quarantine_plans_the_rest(command, day):
    shutil.copytree(day, "bad")
    path = Path("bad/orders.csv")
    rows = path.read_text().splitlines()
    header = rows[0].split(",")
    cells = rows[1].split(",")
    order_id, cells[header.index("country")] = cells[header.index("order_id")], "usa"
    path.write_text("\n".join([rows[0], ",".join(cells), *rows[2:]]) + "\n")
    assert command("plan", "bad", "--strategy", "nearest").code == 2
    assert not Path("plan").exists()
    done = command("plan", "bad", "--strategy", "nearest", "--quarantine", "--json", "--out", "plan")
    assert done.code == 0
    listed = Path("plan/rejected.csv").read_text().splitlines()
    assert listed[0] == "order_id,file,row,column,value,code,detail"
    assert listed[1].startswith(f"{order_id},orders.csv,2,country,usa,country_code,")
    assert json.loads(done.out)["kpis"]["orders"] == "39.000000"
    assert json.loads(done.out)["rejected"] == [order_id]
    assert "left out for their problems: 1" in done.err
    assert command("evaluate", "bad", "plan").code == 2
    assert command("evaluate", "bad", "plan", "--quarantine").code == 0


def test_an_earlier_report_does_not_stay_beside_another_plan(command, day):
    Path("plan").mkdir()
    Path("plan/report.html").write_text("of another plan")
    assert command("plan", day, "--strategy", "nearest", "--no-report", "--out", "plan").code == 0
    assert not Path("plan/report.html").exists()


@pytest.mark.parametrize(("option", "code"), [((), 2), (("--negative-stock", "as-zero"), 0)])
def test_negative_stock_must_be_asked_for(command, day, option, code):
    shutil.copytree(day, "bad")
    path = Path("bad/inventory.csv")
    rows = path.read_text().splitlines()
    at = rows[0].split(",").index("on_hand")
    cells = rows[1].split(",")
    cells[at] = "-4"
    path.write_text("\n".join([rows[0], ",".join(cells), *rows[2:]]) + "\n")
    assert command("validate", "bad", *option).code == code


def test_plan_takes_what_stock_is_worth(command):
    """The template's last order may come from one node alone; its stock prices change nothing but what is reported."""
    assert command("init", "day").code == 0
    Path("stock_prices.csv").write_text("node_id,sku,price\nSTORE-CHICAGO,00123,0.25\n")
    done = command("plan", "day", "--stock-prices", "stock_prices.csv", "--out", "p", "--no-report", *LIMIT)
    assert (done.code, "stock value taken" in done.out) == (0, True)
    document = json.loads(Path("p/plan.json").read_text())
    assert (document["stock_value"], document["status"]) == ("0.75", "optimal")
    assert float(document["decision_total"]) == pytest.approx(float(document["objective"]["total"]) + 0.75)
    assert Path("p/stock_prices.csv").read_text() == Path("stock_prices.csv").read_text()
    assert command("evaluate", "day", "p").code == 0
    assert command("verify", "day", "p").code == 0
    refused = command("plan", "day", "--stock-prices", "nowhere.csv")
    assert (refused.code, "nowhere.csv" in refused.err) == (2, True)

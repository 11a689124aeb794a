"""The plan folder: the tables, plan.json, run.json, and where there are any certificate.json and the prices.

All but run.json are a function of the plan alone: the same plan gives the same bytes. run.json tells what happened on
this machine, this time. A plan of a named rule has no certificate and no prices.csv; stock_prices.csv is there where
orders still to come counted.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from quartermaster.domain.money import money_text
from quartermaster.domain.plan import (
    ALLOCATION_COLUMNS,
    BACKORDER_COLUMNS,
    SHIPMENT_COLUMNS,
    Objective,
    Plan,
    RunRecord,
)
from quartermaster.io.atomic_files import write_files
from quartermaster.io.brought_plan import BroughtPlan, read_plan
from quartermaster.io.certificate_file import FILE as CERTIFICATE_FILE
from quartermaster.io.certificate_file import PRICE_COLUMNS, certificate_bytes, prices_frame
from quartermaster.io.plan_csv import csv_bytes
from quartermaster.io.stock_price_file import FILE as STOCK_PRICES_FILE
from quartermaster.io.stock_price_file import stock_prices_bytes
from quartermaster.policy import policy_document

__all__ = ["BroughtPlan", "objective_document", "plan_document", "read_plan", "run_document", "write_plan"]

PRICES_FILE = "prices.csv"
_SIX_PLACES = Decimal("0.000001")


def write_plan(plan: Plan, folder: Path) -> None:
    """Write a plan folder.

    Parameters
    ----------
    plan
        The plan.
    folder
        Where; made when missing. The files of an older plan are replaced once all new ones are complete on disk.

    Raises
    ------
    InputError
        If the folder cannot be written; an older plan there is then intact.
    """
    priced = {}
    if plan.certificate is not None:
        priced = {
            CERTIFICATE_FILE: certificate_bytes(plan.certificate),
            PRICES_FILE: csv_bytes(prices_frame(plan.certificate), PRICE_COLUMNS),
        }
    if plan.stock_prices is not None:
        priced[STOCK_PRICES_FILE] = stock_prices_bytes(plan.stock_prices)
    write_files(
        Path(folder),
        {
            "allocations.csv": csv_bytes(plan.allocations, ALLOCATION_COLUMNS),
            "shipments.csv": csv_bytes(plan.shipments, SHIPMENT_COLUMNS),
            "backorders.csv": csv_bytes(plan.backorders, BACKORDER_COLUMNS),
            "plan.json": _json_bytes(plan_document(plan)),
            "run.json": _json_bytes(run_document(plan.run)),
            **priced,
        },
        stale={CERTIFICATE_FILE, PRICES_FILE, STOCK_PRICES_FILE} - set(priced),
    )


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return the content of plan.json: text, whole numbers and truth values only, never a float.

    Parameters
    ----------
    plan
        The plan.
    """
    return {
        "status": str(plan.status),
        "strategy": plan.strategy,
        "objective": objective_document(plan.objective),
        "bound": None if plan.bound_micro is None else money_text(plan.bound_micro),
        "gap": _plain(plan.gap),
        "gap_served": _plain(plan.gap_served),
        **_foresight(plan),
        "certified_bound": None if plan.certified_bound_micro is None else money_text(plan.certified_bound_micro),
        "certified_gap": _plain(plan.certified_gap),
        "kpis": {name: _plain(value.quantize(_SIX_PLACES)) for name, value in plan.kpis.items()},
        "snapshot_sha256": plan.snapshot_sha256,
        "policy": policy_document(plan.policy),
        "versions": dict(plan.versions),
        "seed": plan.seed,
        "deterministic": plan.deterministic,
    }


def _foresight(plan: Plan) -> dict[str, Any]:
    """Return what stands beside the cost where stock has a value to orders still to come."""
    if plan.stock_value_micro is None:
        return {}
    bound_micro = plan.decision_bound_micro
    return {
        "stock_value": money_text(plan.stock_value_micro),
        "decision_total": money_text(plan.decision_total_micro),
        "decision_bound": None if bound_micro is None else money_text(bound_micro),
        "decision_gap": _plain(plan.decision_gap),
    }


def objective_document(objective: Objective) -> dict[str, str]:
    """Return every term and the total as decimal texts.

    Parameters
    ----------
    objective
        The cost of a plan.
    """
    terms = {name: money_text(micro) for name, micro in objective.terms_micro().items()}
    return {**terms, "total": money_text(objective.total_micro)}


def run_document(run: RunRecord) -> dict[str, Any]:
    """Return the content of run.json.

    Parameters
    ----------
    run
        What happened while planning.
    """
    return {
        "seconds": {phase: round(float(seconds), 6) for phase, seconds in run.seconds.items()},
        "peak_memory_bytes": run.peak_memory_bytes,
        "machine": dict(run.machine),
        "warnings": list(run.warnings),
        "counters": dict(run.counters),
    }


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _json_bytes(document: dict[str, Any]) -> bytes:
    """Canonical: keys sorted, one layout, UTF-8, a newline at the end."""
    return (json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()

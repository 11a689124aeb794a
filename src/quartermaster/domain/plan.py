"""A plan: allocations, shipments and backorders, what they cost, and how good that provably is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from quartermaster.domain.certificate import Certificate, StockPrices
from quartermaster.domain.money import from_micro
from quartermaster.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

ALLOCATION_COLUMNS = ("order_id", "line_id", "sku", "node_id", "quantity", "shipment_id")
"""Columns of allocations.csv."""
SHIPMENT_COLUMNS = (
    "shipment_id", "order_id", "node_id", "carrier", "service", "zone", "parcels", "billable_weight_g", "distance_m",
    "units", "ship_date", "delivery_date", "transport", "handling", "distance", "late",
)  # fmt: skip
"""Columns of shipments.csv; the last four are money."""
EXPECTED_COLUMNS = ("expected_ship_date", "expected_delivery_date")
"""Columns of backorders.csv that say when inbound supply lets the last units of a line ship and arrive; empty = no date
can be promised."""
BACKORDER_COLUMNS = ("order_id", "line_id", "sku", "quantity", "reason", *EXPECTED_COLUMNS)
"""Columns of backorders.csv."""


class Status(StrEnum):
    """How good a plan is known to be."""

    OPTIMAL = "optimal"
    """Its gap is at most the policy's `relative_gap`."""
    FEASIBLE = "feasible"
    """Checked, with a bound and a larger gap."""
    HEURISTIC = "heuristic"
    """Checked, without a bound."""


class Reason(StrEnum):
    """Why units are backordered: the first that applies, in this order."""

    NOT_ALLOWED = "not_allowed"
    NO_STOCK = "no_stock"
    NO_SERVICE = "no_service"
    LATE_EVERYWHERE = "late_everywhere"
    MAX_SHIPMENTS = "max_shipments"
    SHIP_COMPLETE = "ship_complete"
    NO_CAPACITY = "no_capacity"
    STOCK_TAKEN = "stock_taken"
    TOO_COSTLY = "too_costly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """Cost of a plan by term, each an exact integer in 10^-6 of the currency unit."""

    transport_micro: int = 0
    handling_micro: int = 0
    distance_micro: int = 0
    late_micro: int = 0
    extra_shipment_micro: int = 0
    opening_micro: int = 0
    backorder_micro: int = 0

    @property
    def total_micro(self) -> int:
        """The exact total, in micro."""
        return sum(self.terms_micro().values())

    @property
    def total(self) -> Decimal:
        """The exact total, in currency units."""
        return from_micro(self.total_micro)

    def terms_micro(self) -> dict[str, int]:
        """Every term by its name in plan.json, in micro, without the total."""
        return {term.name.removesuffix("_micro"): getattr(self, term.name) for term in fields(self)}

    def terms(self) -> dict[str, Decimal]:
        """Every term by its name in plan.json, in currency units, without the total."""
        return {name: from_micro(micro) for name, micro in self.terms_micro().items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What happened while planning; outside the byte-for-byte promise.

    Parameters
    ----------
    seconds
        Wall seconds by phase.
    peak_memory_bytes
        Peak resident memory of the process.
    machine
        Machine and interpreter, as text by name.
    warnings
        What the reader should know, one sentence each.
    counters
        Sizes and events by name (columns, rows, orders settled at once, solver contradictions …).
    """

    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_memory_bytes: int = 0
    machine: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A checked plan.

    Parameters
    ----------
    status, strategy, objective
        How good it is known to be, what made it, what it costs.
    allocations, shipments, backorders
        DataFrames with the columns of `ALLOCATION_COLUMNS`, `SHIPMENT_COLUMNS`, `BACKORDER_COLUMNS`; ids are str,
        quantities int64, dates ISO text (an expected date that cannot be promised is empty), money Decimal; sorted, so
        that equal plans are equal bytes.
    bound_micro
        Lower bound on the cost of any plan, in micro: the better of what the certificate proves and what the solver
        claims; None for named rules.
    kpis
        Key figures by name, Decimal of 6 places.
    snapshot_sha256
        Hash of the snapshot's content.
    policy
        The policy it was made under.
    versions
        Version by package.
    seed
        Seed of the solver.
    deterministic
        False when the wall clock, not the work, ended the search.
    certificate
        Prices that prove a lower bound without a solver; None for named rules.
    run
        What happened while planning.
    stock_prices
        What a unit of stock was worth to orders still to come; None where nothing was said about them.
    stock_value_micro
        What the units that the plan takes are worth by these prices, in micro; None without them.
    decision_bound_micro
        Lower bound, in micro, on cost and stock value together of any plan that backorders no line beyond the plan that
        was made without stock value (any plan at all under `future.may_backorder`); None without stock prices.
    """

    status: Status
    strategy: str
    objective: Objective
    allocations: pd.DataFrame
    shipments: pd.DataFrame
    backorders: pd.DataFrame
    bound_micro: int | None
    kpis: Mapping[str, Decimal]
    snapshot_sha256: str
    policy: Policy
    versions: Mapping[str, str]
    seed: int
    deterministic: bool
    certificate: Certificate | None = None
    run: RunRecord = field(default_factory=RunRecord)
    stock_prices: StockPrices | None = None
    stock_value_micro: int | None = None
    decision_bound_micro: int | None = None

    @property
    def stock_value(self) -> Decimal | None:
        """What the units that the plan takes are worth to orders still to come; None without stock prices."""
        return None if self.stock_value_micro is None else from_micro(self.stock_value_micro)

    @property
    def decision_total_micro(self) -> int:
        """What was minimised, in micro: cost, and the value of the stock taken where it has one."""
        return self.objective.total_micro + (self.stock_value_micro or 0)

    @property
    def decision_total(self) -> Decimal:
        """What was minimised, in currency units."""
        return from_micro(self.decision_total_micro)

    @property
    def decision_bound(self) -> Decimal | None:
        """Lower bound on cost and stock value together, in currency units; None without stock prices."""
        return None if self.decision_bound_micro is None else from_micro(self.decision_bound_micro)

    @property
    def decision_gap(self) -> Decimal | None:
        """Gap of what was minimised: of cost and stock value where stock has a value, else `gap`."""
        if self.stock_value_micro is None:
            return self.gap
        return relative_gap(self.decision_total_micro, self.decision_bound_micro, abs(self.decision_total_micro))

    @property
    def bound(self) -> Decimal | None:
        """Lower bound on the cost of any plan, in currency units; None for named rules."""
        return None if self.bound_micro is None else from_micro(self.bound_micro)

    @property
    def certified_bound_micro(self) -> int | None:
        """Lower bound that the certificate proves, in micro; None for named rules."""
        return None if self.certificate is None else self.certificate.bound_micro

    @property
    def certified_bound(self) -> Decimal | None:
        """Lower bound that the certificate proves, in currency units; None for named rules."""
        return None if self.certified_bound_micro is None else from_micro(self.certified_bound_micro)

    @property
    def certified_gap(self) -> Decimal | None:
        """(total - certified bound) / max(|total|, 10^-6), rounded up to 9 places; None without a certificate."""
        return relative_gap(self.objective.total_micro, self.certified_bound_micro, abs(self.objective.total_micro))

    @property
    def gap(self) -> Decimal | None:
        """(total - bound) / max(|total|, 10^-6), rounded up to 9 places; None without a bound."""
        return relative_gap(self.objective.total_micro, self.bound_micro, abs(self.objective.total_micro))

    @property
    def gap_served(self) -> Decimal | None:
        """(total - bound) / (total - backorder), rounded up; None without a bound, or where only backorders cost."""
        served = self.objective.total_micro - self.objective.backorder_micro
        return relative_gap(self.objective.total_micro, self.bound_micro, served) if served else None

    def write(self, folder: str | Path) -> None:
        """Write the plan folder: allocations, shipments, backorders, plan.json, run.json, certificate and prices.

        Parameters
        ----------
        folder
            Where; made when missing. An existing plan there is replaced file by file, atomically.

        Raises
        ------
        InputError
            If the folder cannot be written.
        """
        from quartermaster.io.plan_files import write_plan  # the one convenience that points upwards

        write_plan(self, Path(folder))


def relative_gap(total_micro: int, bound_micro: int | None, base_micro: int) -> Decimal | None:
    """Compute (total - bound) / max(base, 1 micro) as a Decimal of 9 places, rounded up.

    Parameters
    ----------
    total_micro, bound_micro, base_micro
        In micro; a bound of None gives None.
    """
    if bound_micro is None:
        return None
    scaled = -((bound_micro - total_micro) * 10**9 // max(base_micro, 1))
    return Decimal(scaled).scaleb(-9)

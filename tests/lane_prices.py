"""Prices of single shipments, taken from `quartermaster.evaluation` and from nothing else."""

from __future__ import annotations

from collections import Counter

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.plan_rows import ShipmentRow
from quartermaster.evaluation.pricing import Pricing
from quartermaster.evaluation.records import records_of
from quartermaster.evaluation.violations import Findings
from quartermaster.policy import Policy


class LanePrices:
    """What each possible shipment of an instance costs.

    Parameters
    ----------
    snapshot, policy
        The instance.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        records = records_of(snapshot)
        self._pricing = Pricing(records, policy)
        self._known: dict[tuple[str, ...], int | None] = {}
        self.services: list[tuple[str, str]] = sorted(records.services)
        """Every (carrier, service); the one service "none" where the snapshot has none."""

    def shipment(
        self, order: Order, node: Node, carrier: str, service: str, lines: list[OrderLine], units: tuple[int, ...]
    ) -> int | None:
        """Cost of one shipment in micro; None where evaluation names any violation.

        Parameters
        ----------
        order, node, carrier, service
            Which shipment.
        lines, units
            What is in it: units of each line.
        """
        held: Counter[str] = Counter()
        for line, count in zip(lines, units, strict=True):
            held[line.sku] += count
        held = +held
        key = (order.order_id, node.node_id, carrier, service, *(f"{sku}\n{held[sku]}" for sku in sorted(held)))
        if key not in self._known:
            findings = Findings()
            row = ShipmentRow("drawn", order.order_id, node.node_id, carrier, service, {})
            priced = self._pricing.price(Load(row, held), findings)
            allowed = priced is not None and not findings.all()
            self._known[key] = (
                priced.transport + priced.handling + priced.distance + priced.late if priced and allowed else None
            )
        return self._known[key]

"""Quartermaster: fulfillment planning for all open orders at once, with a proof of how good the plan is.

>>> import quartermaster as qm
>>> plan = qm.plan(qm.demo_snapshot(orders=20, nodes=5))
>>> plan.status.value
'optimal'

Names are loaded on first use, so that ``import quartermaster`` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quartermaster.api import compare as compare
    from quartermaster.api import evaluate as evaluate
    from quartermaster.api import plan as plan
    from quartermaster.api import prices as prices
    from quartermaster.api import verify as verify
    from quartermaster.demo import demo_snapshot as demo_snapshot
    from quartermaster.domain.carriers import Holiday as Holiday
    from quartermaster.domain.carriers import Rate as Rate
    from quartermaster.domain.carriers import Service as Service
    from quartermaster.domain.carriers import Transit as Transit
    from quartermaster.domain.carriers import Zone as Zone
    from quartermaster.domain.certificate import Certificate as Certificate
    from quartermaster.domain.certificate import StockPrices as StockPrices
    from quartermaster.domain.network import Inventory as Inventory
    from quartermaster.domain.network import Node as Node
    from quartermaster.domain.network import Product as Product
    from quartermaster.domain.orders import Order as Order
    from quartermaster.domain.orders import OrderLine as OrderLine
    from quartermaster.domain.outlook import Fixed as Fixed
    from quartermaster.domain.outlook import Forecast as Forecast
    from quartermaster.domain.outlook import Replenishment as Replenishment
    from quartermaster.domain.plan import Plan as Plan
    from quartermaster.domain.routing import NodeReason as NodeReason
    from quartermaster.domain.routing import NodeVerdict as NodeVerdict
    from quartermaster.domain.routing import Option as Option
    from quartermaster.domain.routing import OptionShipment as OptionShipment
    from quartermaster.domain.routing import Routing as Routing
    from quartermaster.domain.snapshot import Snapshot as Snapshot
    from quartermaster.domain.table import Table as Table
    from quartermaster.errors import InputError as InputError
    from quartermaster.errors import PolicyError as PolicyError
    from quartermaster.errors import QuartermasterError as QuartermasterError
    from quartermaster.errors import RoutingError as RoutingError
    from quartermaster.foresight import stock_prices as stock_prices
    from quartermaster.io import read_policy as read_policy
    from quartermaster.io import read_snapshot as read_snapshot
    from quartermaster.io import read_stock_prices as read_stock_prices
    from quartermaster.io import snapshot_from_document as snapshot_from_document
    from quartermaster.io import snapshot_from_frames as snapshot_from_frames
    from quartermaster.io import write_snapshot as write_snapshot
    from quartermaster.policy import BackorderPolicy as BackorderPolicy
    from quartermaster.policy import FuturePolicy as FuturePolicy
    from quartermaster.policy import ObjectivePolicy as ObjectivePolicy
    from quartermaster.policy import Policy as Policy
    from quartermaster.policy import ServicePolicy as ServicePolicy
    from quartermaster.policy import SolverPolicy as SolverPolicy
    from quartermaster.replay.run import replay_stream as replay_stream
    from quartermaster.report import report_html as report_html
    from quartermaster.router import Router as Router

_HOMES = {
    "api": ("compare", "evaluate", "plan", "prices", "verify"),
    "demo": ("demo_snapshot",),
    "domain.carriers": ("Holiday", "Rate", "Service", "Transit", "Zone"),
    "domain.certificate": ("Certificate", "StockPrices"),
    "domain.network": ("Inventory", "Node", "Product"),
    "domain.orders": ("Order", "OrderLine"),
    "domain.outlook": ("Fixed", "Forecast", "Replenishment"),
    "domain.plan": ("Plan",),
    "domain.routing": ("NodeReason", "NodeVerdict", "Option", "OptionShipment", "Routing"),
    "domain.snapshot": ("Snapshot",),
    "domain.table": ("Table",),
    "errors": ("InputError", "PolicyError", "QuartermasterError", "RoutingError"),
    "foresight": ("stock_prices",),
    "io": (
        "read_policy",
        "read_snapshot",
        "read_stock_prices",
        "snapshot_from_document",
        "snapshot_from_frames",
        "write_snapshot",
    ),
    "policy": ("BackorderPolicy", "FuturePolicy", "ObjectivePolicy", "Policy", "ServicePolicy", "SolverPolicy"),
    "replay.run": ("replay_stream",),
    "report": ("report_html",),
    "router": ("Router",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'quartermaster' has no attribute {name!r}")
    return getattr(import_module(f"quartermaster.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__

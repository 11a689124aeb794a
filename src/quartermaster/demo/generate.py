"""One realistic day of orders as a snapshot."""

from __future__ import annotations

from datetime import date

import numpy as np

from quartermaster.demo import meridian, usps
from quartermaster.demo.lines import draw_lines, with_node_rules
from quartermaster.demo.nodes import draw_nodes
from quartermaster.demo.orders import AS_OF, draw_orders
from quartermaster.demo.products import draw_products
from quartermaster.demo.size import Size
from quartermaster.demo.stock import draw_inventory
from quartermaster.domain.carriers import Holiday, Rate, Service, Transit, Zone
from quartermaster.domain.network import Node
from quartermaster.domain.snapshot import Snapshot
from quartermaster.domain.table import Table

THANKSGIVING = date(2026, 11, 26)


def demo_snapshot(orders: int = 1000, nodes: int = 40, skus: int = 400, scarce: float = 0.2, seed: int = 1) -> Snapshot:
    """Draw a realistic day of orders: the same arguments give the same snapshot.

    Destinations follow the residents of the United States; a few deep distribution centres and many shallow stores
    stand at real places; SKUs are popular by Zipf's law; prices are the published ones of USPS beside those of an
    invented carrier. The instant is fixed: Monday 2026-11-23, 10:00 in New York, three days before Thanksgiving.

    Parameters
    ----------
    orders
        Orders, 1 to 1 000 000.
    nodes
        Nodes, 1 to 200.
    skus
        SKUs, 1 to 100 000.
    scarce
        Share of the SKUs, 0 to 1, whose total available stock is 0.7 to 1.3 times their demand.
    seed
        Seed, >= 0.

    Returns
    -------
    Snapshot
        Checked.

    Raises
    ------
    InputError
        If an argument is out of its range; carries every problem.
    """
    from quartermaster.io import ready  # reading pulls in much that a bare import should not

    return ready(draw_snapshot(Size(orders, nodes, skus, scarce, seed)))


def draw_snapshot(size: Size) -> Snapshot:
    """Draw the snapshot without checking it.

    Parameters
    ----------
    size
        How large, and the seed.
    """
    products, network, order_table = draw_products(size), draw_nodes(size), draw_orders(size)
    lines = draw_lines(size, order_table, products["sku"])
    inventory = draw_inventory(size, products, network, lines)
    prefixes = sorted({code[:3] for code in network["postal_code"]})
    return Snapshot(
        as_of=AS_OF,
        currency="USD",
        version=(
            f"demo orders={size.orders} nodes={size.nodes} skus={size.skus} scarce={float(size.scarce):g} "
            f"seed={size.seed}"
        ),
        orders=order_table,
        order_lines=with_node_rules(size, lines, network, inventory),
        products=products,
        nodes=network,
        inventory=inventory,
        services=Table.from_rows(Service, usps.usps_services() + meridian.meridian_services(_express_nodes(network))),
        zones=Table.from_rows(Zone, usps.usps_zones() + meridian.meridian_zones(prefixes)),
        rates=Table.from_rows(Rate, usps.usps_rates() + meridian.meridian_rates()),
        transit=Table.from_rows(Transit, usps.usps_transit() + meridian.meridian_transit()),
        holidays=Table.from_rows(Holiday, _holidays(size, network)),
    )


def _express_nodes(network: Table[Node]) -> list[str]:
    """Express picks up at every centre and every third store."""
    centres = network["node_id"][network["kind"] == "dc"]
    stores = network["node_id"][network["kind"] == "store"]
    return [*centres, *stores[::3]]


def _holidays(size: Size, network: Table[Node]) -> list[Holiday]:
    """Thanksgiving, and Christmas and New Year for a late promise; MERIDIAN rests on Friday, two stores on Tuesday."""
    days = [Holiday(date=day) for day in (THANKSGIVING, date(2026, 12, 25), date(2027, 1, 1))]
    days.append(Holiday(date=date(2026, 11, 27), carrier=meridian.CARRIER))
    stores = network["node_id"][network["kind"] == "store"]
    resting = size.stream("scarce").choice(stores, min(2, len(stores)), replace=False) if len(stores) else np.array([])
    return days + [Holiday(date=date(2026, 11, 24), node_id=str(node)) for node in resting]

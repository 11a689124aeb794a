"""Reading a tenth of the largest day, beside what Python's own CSV reader takes for the same files."""

import csv
import random

from cpu_seconds import least_cpu_seconds

from quartermaster import io

ORDERS, LINES, NODES, SKUS, STOCK = 10_000, 25_000, 50, 4_000, 100_000


def write_day(folder):
    rnd = random.Random(7)
    days = [f"2026-11-{day:02d}" for day in range(4, 12)]
    pairs = rnd.sample(range(NODES * SKUS), STOCK)
    tables = {
        "orders": [f"O-{n:06d},{10_000 + n % 800},{rnd.choice(days)},web,a;b" for n in range(ORDERS)],
        "order_lines": [
            f"O-{n % ORDERS:06d},{n // ORDERS},S-{rnd.randrange(SKUS):05d},{1 + n % 5}" for n in range(LINES)
        ],
        "products": [f"S-{n:05d},{100 + n % 900}" for n in range(SKUS)],
        "nodes": [f"N-{n:03d},1.25" for n in range(NODES)],
        "inventory": [f"N-{pair // SKUS:03d},S-{pair % SKUS:05d},{pair % 90},1" for pair in pairs],
    }
    headers = {
        "orders": "order_id,postal_code,promise_date,channel,labels",
        "order_lines": "order_id,line_id,sku,quantity",
        "products": "sku,weight_g",
        "nodes": "node_id,cost_per_shipment",
        "inventory": "node_id,sku,on_hand,safety_stock",
    }
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text("\n".join([headers[name], *rows, ""]))
    (folder / "snapshot.toml").write_text('as_of = "2026-11-02T08:00:00Z"\ncurrency = "USD"\n')


def test_a_tenth_of_the_largest_day(tmp_path):
    write_day(tmp_path)
    snapshot = io.read_snapshot(tmp_path)
    assert [len(snapshot.table(name)) for name in ("orders", "order_lines", "inventory")] == [ORDERS, LINES, STOCK]

    def rows():
        for path in tmp_path.glob("*.csv"):
            with path.open(newline="") as file:
                list(csv.DictReader(file))

    yardstick = least_cpu_seconds(rows)
    assert least_cpu_seconds(lambda: io.read_snapshot(tmp_path)) < 12 * yardstick  # three to four times, as measured
    assert least_cpu_seconds(lambda: io.snapshot_sha256(snapshot)) < 4 * yardstick

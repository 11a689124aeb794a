"""Every code of every problem, with the sentence that explains it. The one published list.

The codes are those of the bad-input catalogue, plus the few that files need beyond it. A code never changes its
meaning; a test fails when any problem carries a code that is not listed here.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    # Files
    "file_missing": "the path does not exist",
    "file_kind": "the path is not what is expected there (a folder, a device, a link that points outside …)",
    "file_unreadable": "the file cannot be opened or read",
    "file_twice": "the same table is present in two formats",
    "too_large": "the file is larger than the limit",
    "too_many_rows": "the table has more rows than the limit",
    "output": "the output cannot be written",
    "parquet_missing": "reading Parquet needs an extra that is not installed",
    "report_missing": "the report needs an extra that is not installed",
    "service_missing": "the server needs an extra that is not installed",
    "cluster_missing": "a cluster needs an extra that is not installed, or does not answer",
    # Syntax
    "encoding": "the bytes are not UTF-8",
    "json_syntax": "the document is not JSON",
    "json_nonfinite": "NaN and Infinity are not JSON numbers",
    "json_duplicate_key": "an object has the same key twice",
    "json_too_deep": "the document is nested too deeply",
    "toml_syntax": "the file is not TOML",
    "csv_format": "the CSV file is malformed",
    "duplicate_column": "a frame has the same column twice",
    "csv_limit": "a cell, a row or the number of columns is over the limit",
    "parquet_format": "the Parquet file is damaged or has another schema",
    # Fields
    "missing_field": "a required file, column, field or value is not given",
    "unknown_field": "the name is not known",
    "type": "the value is of another type",
    "choice": "the value is not one of the allowed texts",
    "text_not_allowed": "the text holds a character that is not allowed, or is too long",
    "list_format": "the list holds an empty text or a semicolon",
    "number_format": "the number is not written as plain digits with a decimal point",
    "number_out_of_range": "the number is too large for any column",
    "out_of_range": "the number is outside the column's range",
    "not_whole": "the number is not whole",
    # Quantities and ids
    "qty_not_whole": "a quantity is not a whole number",
    "qty_not_positive": "a quantity is not above 0",
    "qty_too_large": "a quantity, or a sum of quantities, is too large",
    "stock_negative": "a stock figure is below 0",
    "safety_negative": "a safety stock is below 0",
    "supply_clamped": "the safety stock is above the stock on hand; available is 0",
    "shortfall": "more is reserved than is on hand; available is 0",
    "id_format": "an id is empty, too long, or holds or begins with a character that is not allowed",
    "id_ambiguous": "two ids differ only in case or in Unicode form",
    "duplicate_ignored": "the same row stands twice; it counts once",
    "order_conflict": "the same order id stands twice with different content",
    "duplicate_row": "two rows have the same key",
    "unknown_order": "the order is not in orders",
    "unknown_sku": "the SKU is not in products",
    "unknown_node": "the node is not in nodes",
    "unknown_carrier": "the carrier is not in services",
    "unknown_service": "the service is not in services",
    "unknown_zone": "the zone is not in zones",
    "no_lines": "the order has no lines",
    "too_many_rejected": "too large a share of the orders is bad",
    # Units, mass, place
    "weight_not_positive": "a weight is not above 0, or not given",
    "weight_range": "a weight (of a product, or in the policy's objective) is outside its range",
    "weight_suspect": "a weight is more than 100 times the median: kilograms instead of grams?",
    "length_range": "a length is outside its range",
    "order_too_large": "the weight or volume of a whole order is beyond any shipment",
    "coordinate": "a coordinate is outside its range, alone, or swapped with the other",
    "coordinate_null_island": "latitude and longitude are both 0",
    "postcode_format": "the postal code is not of its country's pattern",
    "postcode_unknown": "the postal code is not known; the place counts as unknown",
    "country_code": "the country is not an ISO 3166-1 alpha-2 code",
    # Money
    "money_scale": "an amount has more than 6 decimals",
    "money_range": "an amount is negative, not finite or too large",
    "currency_mixed": "an amount is in another currency than the snapshot",
    "currency_unknown": "the currency is not an ISO 4217 code",
    "cost_range": "the worst cost of an order would pass 10^15 micro",
    # Time
    "time_no_offset": "an instant has no offset",
    "time_format": "a date or time is not written as ISO 8601",
    "time_range": "a date is outside 2000-2100",
    "time_order": "the promise date is before the order",
    "snapshot_time": "the instant of a stock picture is more than five minutes ahead of now",
    "time_future": "the order is later than the snapshot",
    "weekdays_format": "the days are not written as mon-fri or mon;wed;fri",
    "timezone": "the time zone is not an IANA name",
    "calendar_missing": "no holidays are given",
    # Network and carriers
    "capacity_negative": "a capacity is below 0",
    "capacity_zero": "every node has no capacity left",
    "zone_form": "a zone row needs either a distance or postal prefixes, not both",
    "zone_ambiguous": "two zone rows of a carrier claim the same lanes",
    "rate_duplicate": "the same break stands twice",
    "rate_not_monotone": "a price falls as weight grows",
    "rate_suspect": "a price is 0, or more than 100 times the median of its card",
    "service_without_rates": "a service has no rate, zone or transit row",
    "fuel_range": "a fuel surcharge is a fraction from 0 to 1",
    "holiday_form": "a holiday names a node or a carrier, not both",
    # What is to come, and what stands
    "prefix_unknown": "the prefix begins no postal code of the US or of a country that an order comes from",
    "forecast_not_stocked": "demand is expected for a SKU that no node stocks or awaits",
    "arrival_past": "inbound supply was due before the day of the snapshot; it counts as due now",
    "fixed_clamped": "allocations that stand take more than there is; 0 is left",
    # Certificate
    "other_snapshot": "the certificate was made for another snapshot",
    "unknown_resource": "what is priced is not limited in the snapshot",
    # Policy
    "policy_value": "the value is not one the policy allows",
}
"""Meaning of each code, by code."""

"""Published code lists: ISO 3166-1 countries, ISO 4217 currencies, IANA time zones, and postal code patterns."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

COUNTRIES = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW""".split()  # noqa: SIM905 - a list of 249 strings is no easier to read
)
"""ISO 3166-1 alpha-2 codes officially assigned (the standard's list as of 2024)."""

CURRENCIES = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG""".split()  # noqa: SIM905
)
"""ISO 4217 codes of money in circulation (funds, metals, tests and `XXX` left out; as of 2025)."""

US_POSTAL = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
"""Countries whose postal codes are US ZIP codes."""

_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")

POSTAL_PATTERNS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(US_POSTAL, re.compile(r"[0-9]{5}(-[0-9]{4})?")),
    **dict.fromkeys(("DE", "ES", "FI", "FR", "HR", "IT", "MX", "TR", "UA"), _FIVE_DIGITS),
    **dict.fromkeys(("AT", "AU", "BE", "BG", "CH", "DK", "HU", "NO", "NZ", "SI", "ZA"), _FOUR_DIGITS),
    "BR": re.compile(r"[0-9]{5}-?[0-9]{3}"),
    "CA": re.compile(r"[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"),
    "CN": re.compile(r"[0-9]{6}"),
    "CZ": re.compile(r"[0-9]{3} ?[0-9]{2}"),
    "GB": re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}"),
    "GR": re.compile(r"[0-9]{3} ?[0-9]{2}"),
    "IN": re.compile(r"[0-9]{6}"),
    "JP": re.compile(r"[0-9]{3}-?[0-9]{4}"),
    "KR": _FIVE_DIGITS,
    "NL": re.compile(r"[0-9]{4} ?[A-Z]{2}"),
    "PL": re.compile(r"[0-9]{2}-[0-9]{3}"),
    "PT": re.compile(r"[0-9]{4}-[0-9]{3}"),
    "SE": re.compile(r"[0-9]{3} ?[0-9]{2}"),
    "SK": re.compile(r"[0-9]{3} ?[0-9]{2}"),
}
"""Postal code pattern by country (Universal Postal Union addressing sheets)."""

ANY_POSTAL = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{0,15}")
"""Pattern where `POSTAL_PATTERNS` has none."""


@cache
def time_zones() -> frozenset[str]:
    """List the IANA time zone names of the installed `tzdata`, the same on every machine."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())

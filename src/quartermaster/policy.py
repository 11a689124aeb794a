"""The policy: every knob of a plan, its default, its unit and its range, once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Annotated, Any, get_type_hints

from quartermaster.errors import PolicyError, Problem

OPTIMAL = "optimal"
"""The strategy that plans all orders together."""
RULES = ("cheapest", "nearest", "priority", "highest_stock", "fewest_shipments")
"""The named rules, which plan order by order."""
MAX_DECIMALS = 12
"""Decimals a rate of the policy may have."""
MAX_WRITTEN = 4_300
"""Characters of a number of the policy."""
WRITTEN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,9})?", re.ASCII | re.IGNORECASE)
"""A decimal number as text; no blanks, no underscores, no digits of other scripts."""


@dataclass(frozen=True, slots=True)
class Knob:
    """Range, choices and meaning of one key of the policy."""

    meaning: str
    unit: str = ""
    low: float = 0
    high: float = 10**9
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectivePolicy:
    """Weights of the objective beyond the carriers' prices."""

    cost_per_shipment_km: Annotated[Decimal, Knob("distance cost of a shipment", "money per km")] = Decimal(0)
    cost_per_unit_km: Annotated[Decimal, Knob("distance cost of a unit", "money per km")] = Decimal(0)
    extra_shipment: Annotated[Decimal, Knob("cost of each shipment of an order after its first", "money")] = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePolicy:
    """What the customer was promised, and how far a shipment may travel."""

    late: Annotated[str, Knob("delivery after the promise", choices=("forbid", "price"))] = "forbid"
    cost_per_late_day: Annotated[Decimal, Knob("per shipment and calendar day, where late is priced", "money")] = (
        Decimal(5)
    )
    max_shipments: Annotated[int, Knob("per order; 0 = unlimited", "shipments", high=10**6)] = 0
    max_distance_km: Annotated[Decimal, Knob("0 = unlimited", "km", high=10**6)] = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackorderPolicy:
    """What it costs not to ship now."""

    cost_per_unit: Annotated[Decimal, Knob("per unit backordered, times 1 + priority", "money")] = Decimal(100)
    cost_per_order: Annotated[Decimal, Knob("once per order that is short, times 1 + priority", "money")] = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverPolicy:
    """How long and how well to search."""

    time_limit_seconds: Annotated[Decimal, Knob("wall clock of the whole planning run", "seconds", high=10**6)] = (
        Decimal(60)
    )
    relative_gap: Annotated[Decimal, Knob("stop when the plan is proven this good", "fraction", high=1)] = Decimal(
        "0.0001"
    )
    work_limit: Annotated[int, Knob("deterministic effort; 0 = none", "work units")] = 0
    seed: Annotated[int, Knob("seed of the solver", high=2**31 - 1)] = 0
    threads: Annotated[int, Knob("solver processes side by side", "processes", low=1, high=1024)] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FuturePolicy:
    """What stock is worth to orders that are still to come."""

    horizon_days: Annotated[int, Knob("how much expected demand stock is priced for; 0 = off", "days", high=366)] = 0
    may_backorder: Annotated[bool, Knob("whether stock may be kept from an order in hand for better use later")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every knob of a plan. Decimals may be given as int, float, str or Decimal; the exact text counts.

    Raises
    ------
    PolicyError
        If a value is of the wrong type, out of range or unknown; carries every problem.
    """

    strategy: str = OPTIMAL
    objective: ObjectivePolicy = field(default_factory=ObjectivePolicy)
    service: ServicePolicy = field(default_factory=ServicePolicy)
    backorder: BackorderPolicy = field(default_factory=BackorderPolicy)
    solver: SolverPolicy = field(default_factory=SolverPolicy)
    future: FuturePolicy = field(default_factory=FuturePolicy)

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        if self.strategy not in (OPTIMAL, *RULES):
            problems.append(
                _problem("strategy", self.strategy, "policy_value", f"must be one of {OPTIMAL}, {', '.join(RULES)}")
            )
        for section in SECTIONS:
            _settle(section, getattr(self, section), problems)
        if problems:
            raise PolicyError(problems)


SECTIONS: dict[str, type] = {
    "objective": ObjectivePolicy,
    "service": ServicePolicy,
    "backorder": BackorderPolicy,
    "solver": SolverPolicy,
    "future": FuturePolicy,
}
"""Dataclass of each table of the policy file."""


def knobs_of(section: type) -> dict[str, tuple[type, Knob]]:
    """List the keys of a section with their type (`Decimal`, `int`, `bool` or `str`) and knob.

    Parameters
    ----------
    section
        One of the values of `SECTIONS`.
    """
    hints = get_type_hints(section, include_extras=True)
    return {knob.name: (hints[knob.name].__origin__, hints[knob.name].__metadata__[0]) for knob in fields(section)}


def policy_from_mapping(document: Mapping[str, Any]) -> Policy:
    """Build a policy from the nested mapping of a TOML or JSON document.

    Parameters
    ----------
    document
        Keys as in interface.md section 4; all optional.

    Raises
    ------
    PolicyError
        If a key is unknown or a value is not valid; carries every problem.
    """
    problems: list[Problem] = []
    parts: dict[str, Any] = {}
    for key, value in document.items():
        if key == "strategy" and isinstance(value, str):
            parts[key] = value
        elif key in SECTIONS and isinstance(value, Mapping):
            known = {knob.name for knob in fields(SECTIONS[key])}
            problems += [
                _problem(f"{key}.{name}", given, "unknown_field", f"unknown key; known are {', '.join(sorted(known))}")
                for name, given in value.items()
                if name not in known
            ]
            parts[key] = SECTIONS[key](**{name: given for name, given in value.items() if name in known})
        else:
            known_text = ", ".join(["strategy", *SECTIONS])
            wrong_type = key == "strategy" or key in SECTIONS
            what = "must be text" if key == "strategy" else "must be a table"
            detail = what if wrong_type else f"unknown key; known are {known_text}"
            problems.append(_problem(key, value, "type" if wrong_type else "unknown_field", detail))
    try:
        policy = Policy(**parts)
    except PolicyError as error:
        raise PolicyError([*problems, *error.problems]) from None
    if problems:
        raise PolicyError(problems)
    return policy


def policy_document(policy: Policy) -> dict[str, Any]:
    """Write a policy as the nested mapping it can be read from; decimals as plain text.

    Parameters
    ----------
    policy
        The policy.
    """
    document: dict[str, Any] = {"strategy": policy.strategy}
    for section in SECTIONS:
        held = getattr(policy, section)
        document[section] = {knob.name: _plain(getattr(held, knob.name)) for knob in fields(held)}
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value


def _settle(section: str, held: Any, problems: list[Problem]) -> None:
    """Check each value of one section and put decimals into their exact form."""
    if not isinstance(held, SECTIONS[section]):
        problems.append(_problem(section, held, "type", f"must be a {SECTIONS[section].__name__}"))
        return
    for name, (kind, knob) in knobs_of(SECTIONS[section]).items():
        value = getattr(held, name)
        place = f"{section}.{name}"
        if kind is str:
            if value not in knob.choices:
                problems.append(_problem(place, value, "policy_value", f"must be one of {', '.join(knob.choices)}"))
            continue
        if kind is bool:
            if not isinstance(value, bool):
                problems.append(_problem(place, value, "type", "must be true or false"))
            continue
        number = _number(value, whole=kind is int)
        if number is None and _not_finite(value):
            problems.append(_problem(place, value, "weight_range", f"must be from {knob.low} to {knob.high}"))
        elif number is None:
            what = "a whole number" if kind is int else f"a decimal number with at most {MAX_DECIMALS} decimals"
            problems.append(_problem(place, value, "type", f"must be {what}"))
        elif not knob.low <= number <= knob.high:
            problems.append(_problem(place, value, "weight_range", f"must be from {knob.low} to {knob.high}"))
        else:
            object.__setattr__(held, name, int(number) if kind is int else number)


def _not_finite(value: Any) -> bool:
    return isinstance(value, float | Decimal) and not Decimal(value).is_finite()


def _number(value: Any, *, whole: bool) -> Decimal | None:
    """Return the exact number, or None where the value is not one of the wanted kind."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if whole:
        return Decimal(value) if isinstance(value, int) else None
    text = str(value)
    if len(text) > MAX_WRITTEN or not WRITTEN.fullmatch(text):
        return None
    number = Decimal(text)
    digits, exponent = number.as_tuple()[1:]
    # counted on the digits: arithmetic would round them, and exponents of any size may be written
    significant = "".join(map(str, digits)).rstrip("0")
    decimals = len(digits) - len(significant) + exponent if isinstance(exponent, int) else 0
    if not significant:
        return Decimal(0)
    return number if -decimals <= MAX_DECIMALS else None


def _problem(place: str, value: Any, code: str, detail: str) -> Problem:
    shown = str(value).encode("unicode_escape").decode("ascii")[:64]
    return Problem(code=code, detail=detail, file="policy", column=place, value=shown)

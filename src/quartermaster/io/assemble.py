"""Raw tables to a checked snapshot: parse, check, find places, sort. The one road every source takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from quartermaster.domain.snapshot import ROW_TYPES, Snapshot
from quartermaster.domain.table import Table
from quartermaster.errors import ModelError, Problem
from quartermaster.io.canonical import canonical
from quartermaster.io.checks import Draft, check
from quartermaster.io.findings import Findings, shown
from quartermaster.io.instants import microseconds, parse_instant
from quartermaster.io.iso import CURRENCIES
from quartermaster.io.limits import DEFAULT_LIMITS, Limits
from quartermaster.io.objects import raw_snapshot
from quartermaster.io.options import ReadOptions
from quartermaster.io.raw import RawTable, read_table
from quartermaster.io.rejecting import Rejected, drop_bad_orders
from quartermaster.io.texts import Refused, check_text


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading an input gave.

    Parameters
    ----------
    snapshot
        The checked snapshot.
    rejected
        The orders left out, with their problems; empty unless quarantine was asked for.
    """

    snapshot: Snapshot
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """What a snapshot says of itself, as read.

    Parameters
    ----------
    as_of, currency, version
        Values as read; None = not given.
    file
        File the problems name; empty for documents.
    pointer
        JSON pointer of the object; empty for files.
    unread
        True when the file itself could not be read, which is reported already.
    """

    as_of: Any = None
    currency: Any = None
    version: Any = None
    file: str = ""
    pointer: str = ""
    unread: bool = False

    def problem(self, code: str, detail: str, column: str, value: Any) -> Problem:
        """Build a problem of one of its values."""
        pointer = f"{self.pointer}/{column}" if self.pointer else ""
        return Problem(code, detail, file=self.file, column=column, value=shown(value), pointer=pointer)


def assemble(
    heading: Heading,
    raws: Mapping[str, RawTable],
    findings: Findings,
    options: ReadOptions | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Reading:
    """Make a checked snapshot of raw tables.

    Parameters
    ----------
    heading
        as_of, currency and version, as read.
    raws
        The raw tables by name; absent tables are empty.
    findings
        What was found so far, added to.
    options
        How strict to be.
    limits
        Caps.

    Raises
    ------
    InputError
        If anything is not valid (after quarantine, where asked for); carries every problem.
    """
    options = options or ReadOptions()
    as_of, currency, version = _read_heading(heading, findings)
    tables: dict[str, Table[Any]] = {}
    for name, row_type in ROW_TYPES.items():
        tables[name] = read_table(raws[name], findings, limits) if name in raws else Table.from_rows(row_type, ())
    draft = Draft(tables, as_of, options)
    if options.negative_stock_as_zero:
        findings.forgive("stock_negative", "on_hand", "is below 0 and counts as 0")
    check(draft, findings)
    rejected: tuple[Rejected, ...] = ()
    if options.quarantine and findings.problems:
        rejected = drop_bad_orders(draft, findings)
    findings.raise_if_any()
    if as_of is None:
        raise ModelError("a snapshot without as_of passed its checks")
    snapshot = Snapshot(
        as_of=as_of,
        currency=currency,
        version=version,
        checked=True,
        warnings=findings.listed_warnings(),
        **{name: canonical(table, draft.order(name)[0]) for name, table in draft.tables.items()},
    )
    return Reading(snapshot, rejected)


def ready(snapshot: Snapshot) -> Snapshot:
    """Check a snapshot made from objects, find its places and sort it; a checked one is returned itself.

    Parameters
    ----------
    snapshot
        Any snapshot.

    Raises
    ------
    InputError
        If it is not valid; carries every problem.
    """
    if snapshot.checked:
        return snapshot
    heading = Heading(snapshot.as_of, snapshot.currency, snapshot.version, "snapshot")
    made = assemble(heading, raw_snapshot(snapshot), Findings()).snapshot
    return replace(made, warnings=(*snapshot.warnings, *made.warnings))


def _read_heading(heading: Heading, findings: Findings) -> tuple[datetime | None, str, str]:
    as_of = None
    if heading.unread:
        return None, "", ""
    given = heading.as_of
    if given is None or given == "":
        findings.at(heading.problem("missing_field", "as_of is required", "as_of", given))
    else:
        try:
            instant = given if isinstance(given, datetime) else parse_instant(given)
            as_of = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds(instant))
        except Refused as refused:
            findings.at(heading.problem(refused.code, refused.detail, "as_of", given))
    currency = _read_currency(heading, findings)
    version = heading.version if heading.version is not None else ""
    try:
        if not isinstance(version, str):
            raise Refused("type", "must be text")
        check_text(version)
    except Refused as refused:
        findings.at(heading.problem(refused.code, refused.detail, "version", version))
    return as_of, currency, str(version)


def _read_currency(heading: Heading, findings: Findings) -> str:
    given = heading.currency
    if given is None or given == "":
        findings.at(heading.problem("missing_field", "currency is required", "currency", given))
    elif isinstance(given, list):
        findings.at(heading.problem("currency_mixed", "must be one currency", "currency", given))
    elif not isinstance(given, str):
        findings.at(heading.problem("type", "must be text", "currency", given))
    elif given not in CURRENCIES:
        detail = "must be an ISO 4217 code, such as USD"
        findings.at(heading.problem("currency_unknown", detail, "currency", given))
    return given if isinstance(given, str) else ""

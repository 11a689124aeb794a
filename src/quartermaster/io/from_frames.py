"""Snapshots from pandas frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from quartermaster.domain.snapshot import Snapshot
from quartermaster.io.assemble import Heading, assemble
from quartermaster.io.findings import Findings
from quartermaster.io.frames import raw_frames

if TYPE_CHECKING:
    import pandas as pd


def snapshot_from_frames(
    frames: Mapping[str, pd.DataFrame], *, as_of: datetime | str, currency: str, version: str = ""
) -> Snapshot:
    """Read a snapshot from pandas frames.

    Parameters
    ----------
    frames
        One frame per table by name, with the columns of interface.md section 2. Ids must be text: a frame read with
        pandas' defaults has already lost ``00123``. Text cells are read as in a CSV file.
    as_of
        Instant of the stock picture, with offset.
    currency
        ISO 4217 code.
    version
        Free text.

    Raises
    ------
    InputError
        If anything is not valid; carries every problem; rows are counted as in a file, the first is row 2.
    """
    findings = Findings()
    heading = Heading(as_of, currency, version, file="snapshot")
    return assemble(heading, raw_frames(frames, findings), findings).snapshot

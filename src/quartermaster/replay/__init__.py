"""Replay: a stream of orders run through time under policies side by side, against a clairvoyant bound."""

from __future__ import annotations

from quartermaster.replay.bound import Clairvoyant, clairvoyant
from quartermaster.replay.conduct import Knobs
from quartermaster.replay.figures import TERMS, PolicyReplay, WindowFigures
from quartermaster.replay.output import document, regret, total_rows, write_replay
from quartermaster.replay.run import Replay, replay_stream
from quartermaster.replay.stream import Stream, parse_window, stream_of

__all__ = [
    "TERMS",
    "Clairvoyant",
    "Knobs",
    "PolicyReplay",
    "Replay",
    "Stream",
    "WindowFigures",
    "clairvoyant",
    "document",
    "parse_window",
    "regret",
    "replay_stream",
    "stream_of",
    "total_rows",
    "write_replay",
]

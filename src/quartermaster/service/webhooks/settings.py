"""Choices of webhooks, each once, with its unit and its default."""

from __future__ import annotations

from dataclasses import dataclass

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Where events may be sent, how often it is tried, and for how long.

    Parameters
    ----------
    hosts
        Hosts that may be told, as ``host`` or ``host:port``; without a port, 443 is meant. None = webhooks are off.
    private_hosts
        The same for hosts that may be at private addresses.
    insecure_local
        True allows plain HTTP to allowed hosts at loopback addresses of this machine.
    attempt_seconds
        Longest time of one attempt, from the question for an address to the answer's status.
    first_delay_seconds, longest_delay_seconds
        Time until the second attempt, doubled with each that fails, and its end. Up to half of it is cut by chance, so
        that not everybody who waits comes back at once.
    give_up_seconds
        Time of failing after which a webhook is disabled.
    look_seconds
        Time between two looks for events.
    senders
        Webhooks that are told side by side.
    batch
        Events that are read at a time.

    Raises
    ------
    ValueError
        If a time or a number is not positive.
    """

    hosts: frozenset[str] = frozenset()
    private_hosts: frozenset[str] = frozenset()
    insecure_local: bool = False
    attempt_seconds: float = 10.0
    first_delay_seconds: float = 5.0
    longest_delay_seconds: float = 3_600.0
    give_up_seconds: float = 5 * DAY_SECONDS
    look_seconds: float = 1.0
    senders: int = 4
    batch: int = 50

    def __post_init__(self) -> None:
        names = ("attempt_seconds", "first_delay_seconds", "longest_delay_seconds", "give_up_seconds", "look_seconds")
        for name in (*names, "senders", "batch"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be > 0")

    @property
    def on(self) -> bool:
        """Whether any host may be told."""
        return bool(self.hosts or self.private_hosts)

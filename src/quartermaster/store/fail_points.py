"""Named places at which a test may end the process, to see that nothing is lost, torn or doubled."""

from __future__ import annotations

from collections.abc import Callable

NAMES: set[str] = set()
"""Every name passed so far in this process."""
_hook: Callable[[str], None] | None = None


def fail_point(name: str) -> None:
    """Pass a named place.

    Parameters
    ----------
    name
        Its name.
    """
    NAMES.add(name)
    if _hook is not None:
        _hook(name)


def set_hook(hook: Callable[[str], None] | None) -> None:
    """Choose what happens at named places.

    Parameters
    ----------
    hook
        Called with each name; None = nothing happens.
    """
    global _hook
    _hook = hook

"""The planning API over HTTP: stateless, one problem body for every failure. The only room that imports FastAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quartermaster.service.app import create_app
    from quartermaster.service.settings import ServiceSettings

__all__ = ["ServiceSettings", "create_app"]


def __getattr__(name: str) -> Any:
    """Import FastAPI only when the application is asked for, so that problem bodies stay cheap to write."""
    if name == "create_app":
        from quartermaster.service.app import create_app

        return create_app
    if name == "ServiceSettings":
        from quartermaster.service.settings import ServiceSettings

        return ServiceSettings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""A realistic day of orders, drawn from public facts and a seed."""

from quartermaster.demo.generate import demo_snapshot, draw_snapshot
from quartermaster.demo.size import Size

__all__ = ["Size", "demo_snapshot", "draw_snapshot"]

"""What the planner talks about: snapshots and plans, as frozen dataclasses over numpy columns."""

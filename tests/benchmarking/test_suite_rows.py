"""The rows that the README shows of special cases and of time limits."""

from __future__ import annotations

from benchmarks.suite_rows import deadlines, special_cases


def came_to(gap: float | None, seconds: float) -> dict[str, object]:
    return {"gap": gap, "cpu_seconds": seconds, "termination": "optimal" if gap == 0 else "feasible"}


def test_special_cases_show_the_worst_gap_and_what_a_solver_alone_came_to() -> None:
    instances = [
        {"type": "d", "runs": {"ours": came_to(0.002, 19.0)}},
        {"type": "d", "runs": {"ours": came_to(0.0, 3.0), "scip": came_to(0.0123, 20.0), "highs": came_to(None, 20.0)}},
        {"type": "sscfl", "runs": {"ours": came_to(0.0, 1.5)}},
    ]
    head, _, first, second, *_ = special_cases(instances).splitlines()
    assert head.endswith("| SCIP alone | HiGHS alone |")
    assert first == "| d | 2 | 1 | 0.200 % | 19.0 | 1.230 % | – |"
    assert second == "| sscfl | 1 | 1 | 0.000 % | 1.5 | – | – |"
    assert "alone" not in special_cases(instances[:1])
    assert special_cases([]) == ""


def test_limits_show_what_came_late_or_was_dearer_than_the_rule() -> None:
    kept = {"family": "S", "limit": 5.0, "wall": 5.2, "total": 10, "cheapest": 10, "rule_finished": True, "gap": 0.01}
    late = {**kept, "wall": 5.6, "total": 11, "gap": 0.03}
    unfinished = {**late, "rule_finished": False, "wall": 4.0, "gap": None}
    short = {**kept, "limit": 0.2, "wall": 0.6}
    _, _, first, second, *_ = deadlines([kept, late, unfinished, short]).splitlines()
    assert first == "| S, 0.2 s | 1 | 0 | +0.40 s | 1 | 0 | 1.00 % |"
    assert second == "| S, 5 s | 3 | 1 | +0.60 s | 2 | 1 | 2.00 % |"
    assert deadlines([]) == ""

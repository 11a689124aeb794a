"""The executable specification: what a plan costs and which rules it breaks, in plain integers.

Written straight from the cost and constraint section of the interface, one shipment at a time. It shares no code with
`quartermaster.rating`, `quartermaster.planning` or `solver_models`: two writings of one rule, which tests hold equal.
"""

from quartermaster.evaluation.evaluate import evaluate_tables
from quartermaster.evaluation.violations import RULES, Evaluation, Violation

__all__ = ["RULES", "Evaluation", "Violation", "evaluate_tables"]

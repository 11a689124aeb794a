"""The named rules: the baselines that the optimum is compared with."""

from quartermaster.planning.rules.run import RuleResult, run_rule

__all__ = ["RuleResult", "run_rule"]

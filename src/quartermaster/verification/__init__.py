"""Verification: a plan and its certificate checked without a solver, by code that did not make them."""

from quartermaster.verification.cells import Cell
from quartermaster.verification.verdict import Verification, verify_plan

__all__ = ["Cell", "Verification", "verify_plan"]

"""Allocation models on plain arrays."""

"""Routing one order at a time, between two plans: the exact best option, the next best, and why other nodes lost."""

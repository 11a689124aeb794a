"""Allocation problems small enough to list every choice."""

from itertools import product

import numpy as np

import solver_models as sm


def meeting_at_one(seed: int) -> sm.AllocationProblem:
    """Generalised assignment or facility location: whole or broken numbers, costs below zero, sometimes no solution."""
    rng = np.random.default_rng([1, seed])
    sites, jobs = int(rng.integers(1, 4)), int(rng.integers(1, 7))
    whole = seed % 3 > 0
    group, site = np.repeat(np.arange(jobs), sites), np.tile(np.arange(sites), jobs)
    use = rng.integers(1, 9, sites * jobs) if whole else rng.random(sites * jobs) * 8
    cost = rng.integers(-9, 40, sites * jobs) if whole else rng.random(sites * jobs) * 40 - 9
    usage = np.where(np.arange(sites)[:, None] == site, use, 0)
    capacity = rng.random(sites) * jobs * 9 / sites
    capacity = np.floor(capacity) if whole else capacity
    if seed % 2:
        return sm.AllocationProblem(group, cost, usage, capacity)
    opening = rng.integers(0, 40, sites)
    return sm.AllocationProblem(group, cost, usage, capacity, opening, (np.arange(sites)[:, None] == site).astype(int))


def meeting_anywhere(seed: int) -> sm.AllocationProblem:
    """Options that meet several resources and carry several charges."""
    rng = np.random.default_rng([2, seed])
    n_groups, n_resources, n_charges = int(rng.integers(1, 6)), int(rng.integers(0, 4)), int(rng.integers(0, 4))
    group = rng.permutation(np.repeat(np.arange(n_groups), rng.integers(1, 5, n_groups)))
    n = len(group)
    usage = rng.integers(0, 6, (n_resources, n)) * (rng.random((n_resources, n)) < 0.6)
    capacity = np.floor(rng.random(n_resources) * n_groups * rng.choice([2, 4, 6]))
    charges = (rng.random((n_charges, n)) < 0.4).astype(int)
    cost = rng.integers(-5, 30, n) if seed % 2 else rng.random(n) * 20 - 3
    return sm.AllocationProblem(group, cost, usage, capacity, rng.integers(0, 25, n_charges), charges)


def brute_force(problem: sm.AllocationProblem) -> float:
    """Least cost over every choice; infinity when none is feasible."""
    options = (np.flatnonzero(problem.option_group == g) for g in range(problem.n_groups))
    return min(problem.cost_of(np.array(chosen)) for chosen in product(*options))


PROBLEMS = [(draw, seed) for draw in (meeting_at_one, meeting_anywhere) for seed in range(25)]

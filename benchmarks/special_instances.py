"""Special cases of the allocation model, drawn by published recipes: generalised assignment and facility location.

Generalised assignment, types A to D: Chu and Beasley (1997), "A genetic algorithm for the generalised assignment
problem", *Computers & Operations Research* 24(1), 17-23, after Martello and Toth (1990). Type E: Laguna, Kelly,
Gonzalez-Velarde and Glover (1995), "Tabu search for the multilevel generalized assignment problem", *European Journal
of Operational Research* 82(1), 176-189, in the form of Yagiura, Ibaraki and Glover (2004), "An ejection chain
approach for the generalized assignment problem", *INFORMS Journal on Computing* 16(2), 133-151. With m agents, n jobs
and all numbers whole:

====  ===================  ==========================  ==========================================================
type  use a_ij             cost c_ij                   capacity b_i
====  ===================  ==========================  ==========================================================
a     U[5, 25]             U[10, 50]                   0.6 (n / m) 15 + 0.4 max_i (sum of a_ij, each job at its
                                                       cheapest agent)
b     U[5, 25]             U[10, 50]                   0.7 of that
c     U[5, 25]             U[10, 50]                   0.8 sum_j a_ij / m
d     U[1, 100]            111 - a_ij + U[-10, 10]     0.8 sum_j a_ij / m
e     1 - 10 ln U(0, 1]    1000 / a_ij - 10 U[0, 1]    0.8 sum_j a_ij / m
====  ===================  ==========================  ==========================================================

Single-source facility location: Holmberg, Ronnqvist and Yuan (1999), "An exact algorithm for the capacitated facility
location problems with single sourcing", *European Journal of Operational Research* 113(3), 544-559. Places in the
square [10, 200]^2 and cost four times the distance, so that costs reach about 1 000 as in the published instances;
demands U[10, 50]. What else is fixed was read off two of their 30 x 200 instances: `sscfl` has the capacity 400 and
opening cost 500 of p56, `sscfl-uneven` the capacity 600 and opening costs of 500 to 1 500 of p67.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import sparse

import solver_models as sm

Ints = NDArray[np.int64]

ASSIGNMENT = ("a", "b", "c", "d", "e")
"""Types of the generalised assignment problem."""
LOCATION = ("sscfl", "sscfl-uneven")
"""Types of single-source facility location."""
SIZES = {
    **dict.fromkeys(ASSIGNMENT, ((5, 100), (5, 200), (10, 100), (10, 200), (20, 100), (20, 200))),
    **dict.fromkeys(LOCATION, ((10, 50), (20, 100), (30, 200))),
}
"""(agents or sites, jobs or customers) of each type's instances; the last is the largest."""


def special_case(kind: str, sites: int, jobs: int, seed: int) -> sm.AllocationProblem:
    """Draw one instance; option j * sites + i serves job j at site (or agent) i.

    Parameters
    ----------
    kind
        One of `ASSIGNMENT` or `LOCATION`.
    sites, jobs
        Agents and jobs, or sites and customers.
    seed
        The same seed gives the same instance on every machine.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if kind not in SIZES:
        raise ValueError(f"kind: {kind!r}, must be one of {', '.join(SIZES)}")
    rng = np.random.default_rng([seed, sites, jobs, list(SIZES).index(kind)])
    if kind in LOCATION:
        return _location(rng, kind, sites, jobs)
    cost, use = _costs_and_uses(rng, kind, sites, jobs)
    return assignment_problem(cost, use, capacities(kind, cost, use))


def assignment_problem(cost: Ints, use: Ints, capacity: Ints) -> sm.AllocationProblem:
    """Write a generalised assignment problem as an allocation problem.

    Parameters
    ----------
    cost, use
        (sites, jobs) of each job at each site.
    capacity
        (sites,).
    """
    sites, jobs = cost.shape
    site = np.tile(np.arange(sites), jobs)
    group = np.repeat(np.arange(jobs), sites)
    usage = sparse.csr_array((use.T.ravel(), (site, np.arange(sites * jobs))), shape=(sites, sites * jobs))
    return sm.AllocationProblem(group, cost.T.ravel(), usage, capacity)


def capacities(kind: str, cost: Ints, use: Ints) -> Ints:
    """Return the capacity of each agent by the recipe of a type, rounded down.

    Parameters
    ----------
    kind
        One of `ASSIGNMENT`.
    cost, use
        (agents, jobs).
    """
    agents, jobs = cost.shape
    if kind in ("a", "b"):
        cheapest = np.argmin(cost, axis=0)  # of equal costs the first agent, as published
        busiest = np.bincount(cheapest, weights=use[cheapest, np.arange(jobs)], minlength=agents).max()
        most = 0.6 * (jobs / agents) * 15 + 0.4 * busiest
        return np.full(agents, int((0.7 if kind == "b" else 1.0) * most + 1e-9), dtype=np.int64)
    return (8 * use.sum(axis=1)) // (10 * agents)


def _costs_and_uses(rng: Generator, kind: str, agents: int, jobs: int) -> tuple[Ints, Ints]:
    shape = (agents, jobs)
    if kind == "d":
        use = rng.integers(1, 101, shape)
        return 111 - use + rng.integers(-10, 11, shape), use
    if kind == "e":
        use = np.rint(1 - 10 * np.log(1 - rng.random(shape))).astype(np.int64)  # 1 - U[0, 1) is U(0, 1]
        return np.rint(1000 / use - 10 * rng.random(shape)).astype(np.int64), use
    return rng.integers(10, 51, shape), rng.integers(5, 26, shape)


def _location(rng: Generator, kind: str, sites: int, customers: int) -> sm.AllocationProblem:
    site_place, customer_place = rng.integers(10, 201, (sites, 2)), rng.integers(10, 201, (customers, 2))
    apart = site_place[:, None, :] - customer_place[None, :, :]
    cost = np.rint(4 * np.sqrt((apart**2).sum(axis=2))).astype(np.int64)
    demand = rng.integers(10, 51, customers)
    even = kind == "sscfl"
    # smaller instances keep the share of capacity in demand of 30 x 200
    capacity = np.full(sites, round((400 if even else 600) * (customers / 200) * (30 / sites)))
    opening = np.full(sites, 500) if even else rng.integers(500, 1501, sites)
    problem = assignment_problem(cost, np.tile(demand, (sites, 1)), capacity)
    carried = sparse.csr_array(
        (np.ones(sites * customers), (np.tile(np.arange(sites), customers), np.arange(sites * customers)))
    )
    return sm.AllocationProblem(
        problem.option_group, problem.option_cost, problem.usage, capacity, opening, charges=carried
    )

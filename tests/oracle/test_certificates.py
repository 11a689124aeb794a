"""Certificates against the true optimum: what prices prove is never above it, whoever spoilt them.

``QUARTERMASTER_SEEDS`` says how many instances (40 by default); the long run takes hundreds.
"""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from random import Random

import pytest
from brute_force import cheapest_cost
from certificate_mutations import MUTATIONS
from instances import crowded_instance, tiny_instance

import quartermaster as qm
from quartermaster.domain.certificate import Certificate
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError
from quartermaster.io import certificate_bytes, certificate_problems, parse_document
from quartermaster.io.certificate_file import certificate_from_document
from quartermaster.planning.certified import CertifiedBound, certified_bound
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.resource_prices import prices_of
from quartermaster.policy import Policy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "40"))
CHUNK = 20
FIRST_SEED = 21_000


def drawn(seed: int) -> tuple[Snapshot, Policy]:
    """Every other instance is a crowded one, where orders want the same stock."""
    return (crowded_instance if seed % 2 == 0 else tiny_instance)(seed)


def recomputed(problem: PlanningProblem, certificate: Certificate, sha256: str) -> CertifiedBound | None:
    """The bound of a certificate; None where it is refused."""
    try:
        held = certificate_from_document(parse_document(certificate_bytes(certificate)))
    except InputError:
        return None
    if certificate_problems(held, problem.snapshot, sha256):
        return None
    return certified_bound(problem, prices_of(problem.snapshot, held))


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + N_SEEDS, CHUNK))
def test_the_bound_is_what_is_claimed_and_no_mutation_raises_it_above_the_optimum(first: int) -> None:
    accepted, priced, tight, relabelled = 0, 0, 0, 0
    others: list[Certificate] = []
    last = min(first + CHUNK, FIRST_SEED + N_SEEDS)
    for seed in range(first, last):
        snapshot, policy = drawn(seed)
        plan, best = qm.plan(snapshot, policy), cheapest_cost(snapshot, policy)
        problem, certificate = build_problem(snapshot, policy), plan.certificate
        assert certificate is not None
        found = recomputed(problem, certificate, plan.snapshot_sha256)
        assert found is not None
        assert plan.bound_micro is not None
        assert found.bound_micro == certificate.bound_micro <= plan.bound_micro <= best, seed
        priced += certificate.n_prices > 0
        tight += found.bound_micro * 100 >= best * 95
        document = json.loads(certificate_bytes(certificate))
        for number, (name, mutate) in enumerate(MUTATIONS.items()):
            if (number + seed // 2) % 2:  # half of the mutations each, the other half with the next pair of instances
                continue
            spoilt = copy.deepcopy(document)
            mutate(spoilt, snapshot, Random(f"{seed} {number}"))
            bound = of_document(problem, spoilt, plan.snapshot_sha256)
            assert bound is None or bound.bound_micro <= best, (name, seed)
            if name == "price negative":
                assert bound is None or spoilt == document, seed
            accepted += bound is not None
        # ids are drawn from few, so that some of the prices of another snapshot fit this one
        for other in others[-2:]:
            assert recomputed(problem, other, plan.snapshot_sha256) is None, seed
            bound = recomputed(problem, replace(other, snapshot_sha256=plan.snapshot_sha256), plan.snapshot_sha256)
            assert bound is None or bound.bound_micro <= best, seed
            relabelled += bound is not None
        others.append(certificate)
    assert accepted >= 4 * (last - first)
    assert priced * 5 >= last - first
    assert tight * 2 >= last - first
    assert relabelled or last - first < CHUNK


def of_document(problem: PlanningProblem, document: object, sha256: str) -> CertifiedBound | None:
    """The bound that a document proves; None where it is refused."""
    try:
        certificate = certificate_from_document(parse_document(json.dumps(document).encode()))
    except InputError:
        return None
    return recomputed(problem, certificate, sha256)


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + N_SEEDS, CHUNK))
def test_floors_of_large_orders_keep_the_bound_true(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quartermaster.planning.listing.MAX_VECTORS", 3)
    floored = 0
    for seed in range(first, min(first + CHUNK, FIRST_SEED + N_SEEDS), 5):
        snapshot, policy = drawn(seed)
        plan, best = qm.plan(snapshot, policy), cheapest_cost(snapshot, policy)
        problem = build_problem(snapshot, policy)
        assert plan.certificate is not None
        found = recomputed(problem, plan.certificate, plan.snapshot_sha256)
        assert found is not None
        assert found.bound_micro == plan.certified_bound_micro, seed
        assert found.floored_orders == plan.run.counters["large_orders"]
        floored += found.floored_orders
        document = json.loads(certificate_bytes(plan.certificate))
        for number, name in enumerate(("any prices", "scaled by 1000", "all absurd", "shares changed")):
            spoilt = copy.deepcopy(document)
            MUTATIONS[name](spoilt, snapshot, Random(f"{seed} {number}"))
            bound = of_document(problem, spoilt, plan.snapshot_sha256)
            assert bound is not None
            assert bound.bound_micro <= best, (name, seed)
    assert floored

"""The verdict on a plan: its rules and cost, its bound, and whether rating and evaluation agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from quartermaster.domain.certificate import Certificate
from quartermaster.domain.money import from_micro, money_text
from quartermaster.domain.plan import relative_gap
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import ModelError
from quartermaster.evaluation import Evaluation
from quartermaster.evaluation.records import records_of
from quartermaster.planning.certified import CertifiedBound, certified_bound
from quartermaster.planning.problem import build_problem
from quartermaster.planning.resource_prices import prices_of
from quartermaster.policy import Policy
from quartermaster.verification.cells import Cell, draw_cells

CELLS = 1_000
"""Rating cells compared, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verification found.

    Parameters
    ----------
    evaluation
        Cost and violations, recomputed by `quartermaster.evaluation`.
    claimed_in_certificate_micro, claimed_in_plan_micro
        The certified bound that certificate.json and plan.json claim, micro; None where they claim none.
    recomputed
        The bound that the prices prove, recomputed; None where there is no certificate of this snapshot.
    cells_compared
        Rating cells compared with evaluation.
    cells_offered
        Those of them that are possible shipments; of the others both sides must say that they are not.
    mismatches
        Cells on which the two differ.
    faults
        Every reason not to accept the plan, one sentence each, violations and mismatches counted.
    """

    evaluation: Evaluation
    claimed_in_certificate_micro: int | None
    claimed_in_plan_micro: int | None
    recomputed: CertifiedBound | None
    cells_compared: int
    cells_offered: int
    mismatches: tuple[Cell, ...]
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def certified_bound(self) -> Decimal | None:
        """The recomputed bound, in currency units; None without one."""
        return None if self.recomputed is None else from_micro(self.recomputed.bound_micro)

    @property
    def certified_gap(self) -> Decimal | None:
        """(total - recomputed bound) / max(|total|, 10^-6), rounded up to 9 places; None without a bound."""
        total = self.evaluation.objective.total_micro
        return relative_gap(total, None if self.recomputed is None else self.recomputed.bound_micro, abs(total))


def verify_plan(
    snapshot: Snapshot,
    policy: Policy,
    evaluation: Evaluation,
    certificate: Certificate | None,
    *,
    snapshot_sha256: str,
    plan_sha256: str | None,
    claimed_in_plan_micro: int | None,
    cells: int = CELLS,
    seed: int = 0,
    tell: Callable[[str, float], None] = lambda phase, share: None,
) -> Verification:
    """Recompute the bound, compare cells and sum up.

    Parameters
    ----------
    snapshot
        Checked.
    policy
        The plan's own policy.
    evaluation
        Of the plan under it.
    certificate
        The plan's; None where it has none. Of this snapshot it names only what exists there.
    snapshot_sha256, plan_sha256
        Hash of the snapshot, and the one that the plan was made for; None where it does not say.
    claimed_in_plan_micro
        The certified bound of plan.json; None where it has none.
    cells, seed
        How many cells to compare, and which.
    tell
        Told the phase and the share of it that is done.

    Raises
    ------
    ModelError
        If the recomputed bound is above the cost of a plan without violations, though all cells agree: our bug.
    """
    problem = build_problem(snapshot, policy)
    fits = certificate is not None and certificate.snapshot_sha256 == snapshot_sha256
    recomputed = None
    if certificate is not None and fits:
        tell("bound", 0.0)
        recomputed = certified_bound(problem, prices_of(snapshot, certificate), lambda share: tell("bound", share))
        tell("bound", 1.0)
    tell("cells", 0.0)
    drawn = draw_cells(problem, records_of(snapshot), cells, seed)
    tell("cells", 1.0)
    mismatches = tuple(cell for cell in drawn if not cell.agrees)
    total = evaluation.objective.total_micro
    contradicted = recomputed is not None and recomputed.bound_micro > total and not evaluation.violations
    if contradicted and not mismatches:
        raise ModelError(f"the recomputed bound is above the plan's cost {money_text(total)}, and nothing says why")
    faults = []
    if contradicted:
        faults.append(f"the recomputed bound is above the plan's cost {money_text(total)}")
    if evaluation.violations:
        faults.append(f"the plan breaks rules: {len(evaluation.violations)} violations")
    if plan_sha256 is not None and plan_sha256 != snapshot_sha256:
        faults.append("the plan was made for another snapshot")
    if certificate is not None and not fits:
        faults.append("the certificate was made for another snapshot")
    claims = {
        "certificate.json": None if certificate is None else certificate.bound_micro,
        "plan.json": claimed_in_plan_micro,
    }
    for where, claimed in claims.items():
        if claimed is not None and recomputed is not None and claimed > recomputed.bound_micro:
            proven = money_text(recomputed.bound_micro)
            faults.append(f"{where} claims the bound {money_text(claimed)}, its prices prove {proven}")
    if mismatches:
        faults.append(f"rating and evaluation differ on {len(mismatches)} of {len(drawn)} cells")
    return Verification(
        evaluation=evaluation,
        claimed_in_certificate_micro=claims["certificate.json"],
        claimed_in_plan_micro=claimed_in_plan_micro,
        recomputed=recomputed,
        cells_compared=len(drawn),
        cells_offered=sum(cell.evaluated_micro is not None for cell in drawn),
        mismatches=mismatches,
        faults=tuple(faults),
    )

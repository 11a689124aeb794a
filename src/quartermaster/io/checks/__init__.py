"""What must hold between cells, rows and tables. Every check adds findings; none stops at the first."""

from __future__ import annotations

from quartermaster.io.checks.carriers import check_carriers
from quartermaster.io.checks.cost import check_worst_cost
from quartermaster.io.checks.draft import Draft
from quartermaster.io.checks.keys import check_ambiguous_ids, check_duplicates
from quartermaster.io.checks.network import check_network
from quartermaster.io.checks.orders import check_orders
from quartermaster.io.checks.outlook import check_outlook
from quartermaster.io.checks.places import check_places
from quartermaster.io.checks.references import check_references
from quartermaster.io.findings import Findings

__all__ = ["Draft", "check"]


def check(draft: Draft, findings: Findings) -> None:
    """Check a draft and complete it: duplicate orders go, places are found.

    Parameters
    ----------
    draft
        The parsed tables; changed in place.
    findings
        Where problems and warnings go.
    """
    check_duplicates(draft, findings)
    check_ambiguous_ids(draft, findings)
    check_places(draft, findings)
    check_references(draft, findings)
    check_orders(draft, findings)
    check_network(draft, findings)
    check_carriers(draft, findings)
    check_outlook(draft, findings)
    check_worst_cost(draft, findings)

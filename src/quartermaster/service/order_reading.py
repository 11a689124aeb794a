"""Orders that come in, read against what their scope stands on: good ones one by one, bad ones many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quartermaster import io
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.errors import InputError, Problem
from quartermaster.io.findings import shown
from quartermaster.io.texts import Refused, check_id
from quartermaster.service.references import Reference, of_order
from quartermaster.store.orders import NewLine, NewOrder

AT_ONCE = 100
"""Bad orders that are read together: the network is checked once for all of them."""
_NAMELESS = frozenset({"missing_field", "type", "id_format", "encoding", "text_not_allowed"})
"""What is wrong with an id that nothing can be stored under."""


def new_orders(reference: Reference, documents: Sequence[Any]) -> list[NewOrder | InputError]:
    """Read orders that come in; one that is not valid is rejected with its reasons, if it has an id.

    Parameters
    ----------
    reference
        What they are checked against.
    documents
        The orders with their ``lines``, parsed.

    Returns
    -------
    list of NewOrder or InputError
        Of each order; what is wrong with one that has no id it could be stored under.
    """
    found: dict[int, NewOrder | InputError] = {}
    doubtful = []
    for at, document in enumerate(documents):
        read = reference.reader.read(document, reference.now)
        if read is None:
            doubtful.append(at)
        else:
            found[at] = _good(document, *read)
    first: dict[str, int] = {}
    same = {at: first.setdefault(io.exact_json(documents[at]), at) for at in doubtful}
    objects = [at for at in first.values() if isinstance(documents[at], Mapping)]
    found |= {at: _no_object(documents[at]) for at in first.values() if not isinstance(documents[at], Mapping)}
    for some in _together(documents, objects):
        problems = _problems(reference, [documents[at] for at in some])
        for at, own in zip(some, problems, strict=True):
            found[at] = _bad(documents[at], own) if own else _good(documents[at], *reference.order(documents[at]))
    return [found[same.get(at, at)] for at in range(len(documents))]


def _together(documents: Sequence[Any], places: Sequence[int]) -> Iterator[list[int]]:
    """Cut orders into those that are read together: so few that say nothing of each other, or only by their ids."""
    some: list[int] = []
    strange: set[str] = set()
    for at in places:
        if not _keeps_to_itself(documents[at]):
            yield [at]
            continue
        order_id = documents[at]["order_id"]
        if order_id in strange or len(some) == AT_ONCE:
            yield some
            some, strange = [], set()
        some.append(at)
        if not _is_id(order_id):
            strange.add(order_id)
    if some:
        yield some


def _keeps_to_itself(document: Any) -> bool:
    """Tell whether what is wrong with an order is its own: its lines are a list, and none is of another order."""
    if not isinstance(document, Mapping) or not isinstance(document.get("order_id"), str):
        return False
    lines, order_id = document.get("lines"), document["order_id"]
    if not isinstance(lines, list):
        return False
    return all(isinstance(line, Mapping) and line.get("order_id", order_id) == order_id for line in lines)


def _is_id(text: str) -> bool:
    try:
        check_id(text)
    except Refused:
        return False
    return True


def _apart(document: Mapping[str, Any], at: int) -> Mapping[str, Any]:
    """Give an order an id of its own, if it has a good one: that of a bad one is told, and stays."""
    if not _is_id(document["order_id"]):
        return document
    own = {"order_id": f"order {at}"}
    return {**document, **own, "lines": [{**line, **own} if "order_id" in line else line for line in document["lines"]]}


def _problems(reference: Reference, documents: Sequence[Any]) -> list[Sequence[Problem]]:
    """Say what is wrong with each of some orders, as if each had come alone."""
    if len(documents) == 1:
        return [_problems_of(reference, documents[0])]
    try:
        io.read_document(reference.with_orders([_apart(document, at) for at, document in enumerate(documents)]))
    except InputError as error:
        own = [of_order(error.problems, at) for at in range(len(documents))]
        if sum(map(len, own)) == len(error.problems):
            return list(own)
        return [_problems_of(reference, one) for one in documents]  # some are of all of them
    return [()] * len(documents)


def _problems_of(reference: Reference, document: Any) -> Sequence[Problem]:
    try:
        reference.order(document)
    except InputError as error:
        return error.problems
    return ()


def _good(document: Any, order: Order, lines: Sequence[OrderLine]) -> NewOrder:
    return NewOrder(
        order.order_id, io.exact_json(document), [NewLine(line.line_id, line.sku, line.quantity) for line in lines]
    )


def _no_object(document: Any) -> InputError:
    """Say what reading it alone would say; no network is needed for that."""
    absent = Problem("missing_field", "is required and must be given", column="order_id", pointer="/order_id")
    return InputError([Problem("type", "must be an object", value=shown(document)), absent])


def _bad(document: Any, problems: Sequence[Problem]) -> NewOrder | InputError:
    order_id = document.get("order_id") if isinstance(document, Mapping) else None
    nameless = any(problem.pointer == "/order_id" and problem.code in _NAMELESS for problem in problems)
    if nameless or not isinstance(order_id, str):
        return InputError(problems)
    reasons = "; ".join(f"{problem.code} at {problem.pointer or '/'}" for problem in problems[:10])
    return NewOrder(order_id, io.exact_json(document), [], rejected=reasons)

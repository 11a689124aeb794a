"""Every bad file of the catalogue gets its answer: exact codes and places, and nothing else.

A case is a folder ``NNN-name`` (NNN = row of the catalogue) with files laid over ``good/``, or a ``document.json``,
and ``expected.json``: every problem, the warnings beyond those of the good input, and what must be kept.
"""

import pytest
from catalogue import CASES, HERE, laid_out

from quartermaster import io
from quartermaster.errors import InputError, PolicyError
from quartermaster.io.codes import CODES
from quartermaster.io.remarks import cutoff_gaps, remarks_of

PLACE = ("code", "file", "row", "column")


def place(problem, document):
    if document:
        return {"code": problem.code, "pointer": problem.pointer}
    values = (problem.code, problem.file, problem.row, problem.column)
    return {name: value for name, value in zip(PLACE, values, strict=True) if value not in (None, "")}


def wanted(entries):
    return [
        {name: value for name, value in entry.items() if value not in (None, "") or name == "pointer"}
        for entry in entries
    ]


@pytest.mark.parametrize("case", CASES)
def test_bad_input(case, tmp_path):
    path, expected = laid_out(case, tmp_path / "day")
    document = path.name == "document.json"
    options = io.ReadOptions(**expected.get("options", {}))
    limits = io.Limits(**expected.get("limits", {}))
    snapshot, problems = None, ()
    if expected.get("policy"):
        with pytest.raises(PolicyError) as raised:
            io.read_policy(path / "policy.toml")
        problems = raised.value.problems
    elif expected.get("problems"):
        with pytest.raises(InputError) as raised:
            io.read_input(path, options, limits)
        problems = raised.value.problems
    else:
        snapshot = io.read_input(path, options, limits).snapshot
    found = [place(problem, document) for problem in problems]
    if expected.get("sort"):
        found = sorted(found, key=str)
        expected["problems"] = sorted(expected["problems"], key=str)
    assert found == wanted(expected.get("problems", []))
    for problem in problems:
        assert problem.code in CODES
        assert problem.detail
        assert len(problem.value) <= 64
        assert problem.value.isprintable()
        assert expected.get("detail", "") in problem.detail
    if problems:
        return
    assert [place(warning, document) for warning in snapshot.warnings] == wanted(expected.get("warnings", []))
    for table, columns in expected.get("ids", {}).items():
        for column, texts in columns.items():
            held = snapshot.table(table)[column].tolist()
            assert set(texts) <= set(held)
            if table != "products":
                assert held == texts
    for table, columns in {**expected.get("texts", {}), **expected.get("money", {})}.items():
        for column, values in columns.items():
            assert snapshot.table(table)[column].tolist() == values
    if "remarks" in expected:
        found = {remark.name: remark.examples for remark in remarks_of(snapshot)}
        for name, examples in expected["remarks"].items():
            assert [list(example) for example in found[name]] == examples
    if "gaps" in expected:
        assert [list(gap) for gap in cutoff_gaps(snapshot)] == expected["gaps"]


def test_the_good_input_is_good(tmp_path):
    for path in (HERE / "good", HERE / "good.json"):
        assert io.read_input(path).snapshot.warnings == ()


def test_the_catalogue_rows_that_files_can_carry_are_covered():
    rows = {int(case[:3]) for case in CASES}
    made_in_code = {66, 68, 69, 70}  # by test_made_inputs.py
    assert {*range(17, 52), *range(57, 71)} - made_in_code <= rows

"""The formulation cannot lie: README, code and tests carry the same constraint numbers, and the example runs."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import solver_models
from solver_models.sourcing import OrderGroup, SourcingArrays

README = (Path(solver_models.__file__).parent / "README.md").read_text(encoding="utf-8")
TESTS = Path(__file__).parent
NUMBERS = range(1, 11)

Row = tuple[int, str, list[str], str]


def table_of_constraints() -> list[Row]:
    rows = re.findall(r"^\| \((\d+)\) \| ([^|]+) \| ([^|]+) \| `([^|`]+)` \|$", README, re.MULTILINE)
    return [(int(number), name.strip(), re.findall(r"`([^`]+)`", code), test) for number, name, code, test in rows]


ROWS = table_of_constraints()


def functions_of_tests() -> dict[str, str]:
    """Name and docstring of every test of this folder."""
    found = {}
    for path in sorted(TESTS.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[node.name] = ast.get_docstring(node) or ""
    return found


def test_the_table_names_every_constraint_once():
    assert [row[0] for row in ROWS] == list(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_formulation_states_it(number):
    formulas = README.split("## The compact model")[1].split("## The bound")[0]
    assert re.search(rf"^    \({number}\) .*(≤|=|∈).*for each", formulas, re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_the_code_has_it_under_the_same_number(row):
    number, _, places, _ = row
    assert places
    for place in places:
        module, function = place.split(".")
        source = inspect.getsource(getattr(importlib.import_module(f"solver_models.{module}"), function))
        assert f"({number})" in source, f"{place} does not name ({number})"


def test_the_code_has_no_other_numbers():
    """A constraint that only the code knows would be a second formulation."""
    for module in ("model", "allocation"):
        source = inspect.getsource(importlib.import_module(f"solver_models.{module}"))
        named = {int(number) for number in re.findall(r"\((\d)\)(?= |,|$|\])", source, re.MULTILINE)}
        assert named <= set(NUMBERS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_a_test_has_it_under_the_same_number(row):
    number, name, _, prefix = row
    assert prefix == f"test_constraint_{number}_"
    tests = [test for test in functions_of_tests() if test.startswith(prefix)]
    assert tests
    first_word = name.split()[0].rstrip("s")
    assert any(first_word in test for test in tests), f"no test {prefix}… speaks of {name}"


def test_the_model_says_the_words_of_the_table():
    header = inspect.getsource(importlib.import_module("solver_models.allocation"))[:800]
    for number in (1, 2, 4):
        assert f"({number})" in header


def test_the_example_runs():
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 1
    imported = re.findall(r"^import (\w+)", blocks[0], re.MULTILINE)
    assert set(imported) == {"numpy", "solver_models"}
    assert blocks[0].count("assert ") >= 4
    exec(compile(blocks[0], "README.md", "exec"), {})  # noqa: S102 - our own page


def test_every_field_named_exists():
    """The data table names fields as the code spells them."""
    data = README.split("## Data")[1].split("## Variables")[0]
    fields = {
        *SourcingArrays.__dataclass_fields__,
        *OrderGroup.__dataclass_fields__,
        "charge_cost",
        "Lattice.quantities",
    }
    named = set(re.findall(r"`([\w.]+)`", data))
    assert named <= fields
    left_out = {"n_orders", "n_nodes", "groups", "column_order", "column_node", "column_once"}
    assert set(SourcingArrays.__dataclass_fields__) - named == left_out


def test_every_module_named_exists_and_every_public_name_is_there():
    folder = Path(solver_models.__file__).parent
    for name in set(re.findall(r"`(\w+\.py)`", README)):
        assert (folder / name).exists(), name
    for name in solver_models.__all__:
        assert getattr(solver_models, name) is not None

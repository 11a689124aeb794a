"""The specification stands alone: two writings of one rule are worth nothing if they share it."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import quartermaster.evaluation as evaluation

ROOM = Path(inspect.getfile(evaluation)).parent
ALLOWED = ("quartermaster.domain", "quartermaster.policy", "quartermaster.errors", "quartermaster.evaluation")
ALLOWED_PACKAGES = {"geopy", "pandas"}


def _imports(path):
    for part in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(part, ast.ImportFrom):
            yield part.module or ""
        elif isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)


def test_it_imports_domain_policy_geopy_and_the_standard_library_only():
    files = sorted(ROOM.glob("*.py"))
    assert len(files) > 5
    foreign = {
        (path.name, name)
        for path in files
        for name in _imports(path)
        if not name.startswith(ALLOWED)
        and name.split(".")[0] not in ALLOWED_PACKAGES
        and name.split(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()


def test_importing_it_loads_neither_rating_nor_planning_nor_a_solver():
    code = "import sys, quartermaster.evaluation; print(*sys.modules, sep=chr(10))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "quartermaster.evaluation.evaluate" in loaded
    unwanted = ("quartermaster.rating", "quartermaster.planning", "solver_models", "ortools", "scipy", "pandas")
    assert [name for name in loaded if name.startswith(unwanted)] == []

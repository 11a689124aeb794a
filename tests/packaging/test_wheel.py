"""What is installed is whole: every module imports, every data file is there, from where pip put it."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import pytest

PACKAGES = ("quartermaster", "solver_models")
ROOMS = (
    "cli", "cli.commands", "demo", "domain", "evaluation", "io", "io.checks", "planning", "planning.rules", "rating",
    "report", "service", "solver_processes",
)  # fmt: skip


def homes() -> dict[str, Path]:
    """Where a fresh interpreter finds the packages, with nothing of this checkout on its path."""
    code = "import json, quartermaster, solver_models as s; print(json.dumps([quartermaster.__file__, s.__file__]))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    return dict(zip(PACKAGES, (Path(text).parent for text in json.loads(done.stdout)), strict=True))


def test_the_packages_are_those_that_pip_installed():
    direct = json.loads(distribution("quartermaster").read_text("direct_url.json") or "{}")
    found = homes()
    if direct.get("dir_info", {}).get("editable"):
        assert found["quartermaster"].parent.name == "src"
        assert found["quartermaster"].parent.parent == found["solver_models"].parent
    else:
        home = Path(str(distribution("quartermaster").locate_file("")))
        assert found == {name: home / name for name in PACKAGES}
    for name in PACKAGES:  # and this very run tests them, not files of the same name beside it
        assert Path(importlib.import_module(name).__file__).parent == found[name]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_imports(package):
    held = importlib.import_module(package)
    names = [module.name for module in pkgutil.walk_packages(held.__path__, f"{package}.")]
    for name in names:
        importlib.import_module(name)
    if package == "quartermaster":
        assert {f"quartermaster.{room}" for room in ROOMS} <= set(names)
    else:
        assert {"solver_models.allocation", "solver_models.backend", "solver_models.sourcing"} <= set(names)


@pytest.mark.parametrize("package", PACKAGES)
def test_types_are_declared(package):
    assert files(package).joinpath("py.typed").is_file()


def test_the_formulation_travels_with_the_models():
    assert "(1)" in files("solver_models").joinpath("README.md").read_text(encoding="utf-8")


def test_data_files_are_there():
    wanted = {"demo": {"places.csv", "usps.csv", "zips.csv"}, "report": {"page.css", "us_states.json"}}
    for room, names in wanted.items():
        held = {entry.name for entry in files(f"quartermaster.{room}").joinpath("data").iterdir()}
        assert names <= held, room


def test_both_commands_are_installed():
    held = {entry.name: entry.value for entry in distribution("quartermaster").entry_points}
    assert held == {"quartermaster": "quartermaster.cli:main", "qm": "quartermaster.cli:main"}


def test_importing_the_package_is_cheap():
    code = "import sys, quartermaster; print(sorted({'numpy', 'pandas', 'scipy', 'ortools'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

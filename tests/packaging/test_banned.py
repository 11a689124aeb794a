"""Nothing that runs what it is given to read is called anywhere in the source (S12)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import quartermaster
import solver_models

FOLDERS = [Path(package.__file__).parent for package in (quartermaster, solver_models)]
MODULES = {"pickle", "marshal", "shelve", "dill", "xml", "lxml", "yaml", "telnetlib", "ftplib"}
CALLS = {"eval", "exec", "compile", "__import__", "tempfile.mktemp", "os.system", "os.popen", "yaml.load"}


def banned(source: str) -> list[str]:
    """What of a source is on the list."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name.split(".")[0] in MODULES]
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(str(node.module))
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            found += [name] if name in CALLS else []
            found += [
                f"{name}(shell)" for one in node.keywords if one.arg == "shell" and ast.unparse(one.value) != "False"
            ]
    return found


def test_nothing_that_is_banned_is_called():
    sources = [path for folder in FOLDERS for path in folder.rglob("*.py")]
    assert len(sources) > 300
    assert {str(path): what for path in sources if (what := banned(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from xml.etree import ElementTree", "import yaml\nyaml.load('')", "eval('1')",
        "import subprocess\nsubprocess.run('ls', shell=True)", "import tempfile\ntempfile.mktemp()",
        "import os\nos.system('ls')",
    ],
)  # fmt: skip
def test_the_list_is_looked_for(source):
    assert banned(source)

"""Every code that the package can give is in the published list, and the list holds no other."""

import ast
import re
from pathlib import Path

import quartermaster
from quartermaster.io import cell_rules
from quartermaster.io.codes import CODES

SOURCES = sorted(Path(quartermaster.__file__).parent.rglob("*.py"))
GIVERS = {"Refused", "Problem", "problem", "warning", "refuse", "report", "_problem", "_malformed", "_flaw", "_refuse"}
SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def texts(node):
    """The texts an argument can be: a literal, or either side of a conditional."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return set()


def given_codes():
    """Find the codes in every call that makes a problem or a warning in the reading part of the package."""
    found = set()
    for path in SOURCES:
        if "io" not in path.parts and path.name != "policy.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                arguments = [*node.args, *(word.value for word in node.keywords if word.arg == "code")]
                if name in GIVERS:
                    # policy.py's own takes the code third; everywhere else it is the first text
                    place = arguments[2:3] if path.name == "policy.py" and name == "_problem" else arguments[:1]
                    for argument in place:
                        found |= texts(argument)
    for table in (cell_rules._BELOW, cell_rules._ABOVE, cell_rules._RANGE_OF_KIND):
        found |= set(table.values())
    return {text for text in found if SHAPE.fullmatch(text)}


def test_no_code_is_given_that_is_not_listed():
    assert given_codes() - set(CODES) == set()


def test_every_listed_code_can_be_given():
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "codes.py")
    assert [code for code in CODES if f'"{code}"' not in source] == []


def test_codes_are_stable_names_with_a_meaning():
    for code, meaning in CODES.items():
        assert SHAPE.fullmatch(code)
        assert meaning
        assert not meaning.endswith(".")

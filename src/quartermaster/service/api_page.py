"""The API page: written from the contract that is served, so that it cannot say anything else.

::

    python -m quartermaster.service.api_page            # rewrites API.md beside this file
    python -m quartermaster.service.api_page --check    # exit code 1 when it is not what is served
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from quartermaster.service.problem_body import ANSWERS, code_name

PAGE = Path(__file__).with_name("API.md")
BEGIN = "<!-- operations:begin -->"
FAILURE = 400
"""Least status of a failure."""
SPELLED_OUT = ("Snapshot", "Policy", "AnyPolicy", "BroughtPlan")
"""Schemas that other pages describe: the template of `quartermaster init` and the policy."""


def operations_text(document: Mapping[str, Any]) -> str:
    """Write every operation and every schema of an OpenAPI document, as Markdown.

    Parameters
    ----------
    document
        The document.
    """
    schemas = document["components"]["schemas"]
    parts = []
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            parts.append(_operation(path, method, told))
    parts.append(_failures())
    wanted = [name for name in sorted(schemas) if name not in SPELLED_OUT and schemas[name].get("type") == "object"]
    parts.append("## Fields\n\nEvery field, with its type, range and default; one that has no default must be given.")
    parts += [_schema(name, schemas[name]) for name in wanted if schemas[name].get("properties")]
    return "\n\n".join(parts)


def _operation(path: str, method: str, told: Mapping[str, Any]) -> str:
    lines = [f"### `{method.upper()} {path}`", "", f"{told['summary']}. {told.get('description', '')}".strip(), ""]
    rows = [_parameter(one) for one in told.get("parameters", ()) if one["in"] != "path"]
    if rows:
        lines += ["| parameter | in | type | default | meaning |", "|---|---|---|---|---|", *rows, ""]
    body = told.get("requestBody")
    if body:
        media = body["content"]["application/json"]
        example = media.get("example")
        if example is None:
            example = next(iter(media["examples"].values()))["value"]
        lines += [f"Body: {_type(media['schema'])}, such as", "", "```json", _shown(example), "```", ""]
        others = {name: one["schema"] for name, one in body["content"].items() if name != "application/json"}
        lines += [f"Or `{name}`: {schema['description']}.\n" for name, schema in others.items()]
    good, bad = [], []
    for status, answer in sorted(told["responses"].items()):
        if int(status) >= FAILURE:
            bad += [f"{status} `{code}`" for code in re.findall(r"\(`(\w+)`\)", answer["description"])]
            continue
        content: Mapping[str, Any] = next(iter(answer.get("content", {}).values()), {})
        good.append(f"{status} {_type(content['schema']) if 'schema' in content else answer['description']}")
    return "\n".join([*lines, f"Answers {' or '.join(good)}. Fails with {', '.join(bad)}."])


def _failures() -> str:
    rows = [f"| `{code_name(code)}` | {answer.status} | {answer.title} |" for code, answer in sorted(ANSWERS.items())]
    head = ["## Failures", "", "| code | status | meaning |", "|---|---|---|"]
    return "\n".join([*head, *rows])


def _shown(example: Any) -> str:
    text = json.dumps(example, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + " …"


def _parameter(one: Mapping[str, Any]) -> str:
    schema = one["schema"]
    default = "must be given" if one.get("required") else f"`{json.dumps(schema.get('default'))}`"
    return f"| `{one['name']}` | {one['in']} | {_type(schema)} | {default} | {one.get('description', '')} |"


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        f"| `{field}` | {_type(told)} | {'must be given' if field in required else _default(told)} "
        f"| {told.get('description', '')} |"
        for field, told in schema["properties"].items()
    ]
    head = ["| field | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"### {name}", "", schema.get("description", "").split("\n\n")[0], "", *head, *rows])


def _default(told: Mapping[str, Any]) -> str:
    return f"`{json.dumps(told.get('default'))}`"


def _type(schema: Mapping[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_types(schema)))


def _types(schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield name if name in SPELLED_OUT else f"[{name}](#{name.lower()})"
        return
    for one in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _types(one)
    if "enum" in schema:
        yield ", ".join(f"`{value}`" for value in schema["enum"])
    elif "const" in schema:
        yield f"`{schema['const']}`"
    elif schema.get("type") == "array":
        yield f"list of {_type(schema.get('items', {})) or 'anything'}"
    elif "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        yield from (f"{kind}{_range(schema)}" for kind in kinds)


def _range(schema: Mapping[str, Any]) -> str:
    names = (("minimum", "from"), ("maximum", "to"), ("minLength", "from"), ("maxLength", "to"))
    told = " ".join(f"{word} {schema[name]}" for name, word in names if name in schema)
    unit = " characters" if told and schema.get("type") == "string" else ""
    return f" {told}{unit}" if told else ""


def page(text: str) -> str:
    """Put what is served below the head of the page.

    Parameters
    ----------
    text
        The page as it is.
    """
    from quartermaster.service.app import create_app
    from quartermaster.service.settings import ServiceSettings

    head, begin, _ = text.partition(BEGIN)
    document = create_app(ServiceSettings(), described_only=True).openapi()
    return f"{head}{begin}\n\n{operations_text(document)}\n"


def main(arguments: list[str]) -> int:
    """Rewrite or check the page; return the exit code.

    Parameters
    ----------
    arguments
        Of the command line.
    """
    text = PAGE.read_text(encoding="utf-8")
    new = page(text)
    if "--check" in arguments:
        return int(new != text)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

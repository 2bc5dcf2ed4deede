"""Render the tables of the reference page from the schema, so that the page cannot lag behind.

Pure. `docs/reference/policy.md` calls this through cog.
"""

from __future__ import annotations

import json
from typing import Any

from gate.policyfile.document import spell_path
from gate.policyfile.values import EVENTS
from gate.policyfile.wording import schema_of, sections


def render_reference() -> str:
    """Write a heading and a table for each section of a policy file, in Markdown."""
    return "\n".join(
        _section(spell_path(tuple("NAME" if part == "*" else part for part in at)), section)
        for at, section in sections()
        if section.get("properties")
    )


def _section(path: str, section: dict[str, Any]) -> str:
    rows = [
        f"| `{key}` | {_kind(schema_of(inner))} | {_default(key, inner, section)} "
        f"| {_meaning(inner)} |"
        for key, inner in section.get("properties", {}).items()
    ]
    heading = f"### `{path}`" if path else "### The file"
    intro = "" if not path else f"{section['description']}\n\n"
    return "\n".join(
        [
            f"{heading}\n\n{intro}| key | value | default | meaning |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _kind(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        inner = schema_of(schema["items"])
        named = inner.get("enum", [])
        return "list of events" if named == list(EVENTS) else f"list of {_kind(inner)}"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("pattern", "").endswith("d)$"):
        return "duration"
    return {
        "object": "section",
        "string": "text",
        "integer": "whole number",
        "boolean": "`true`, `false`",
    }[schema["type"]]


def _default(key: str, schema: dict[str, Any], section: dict[str, Any]) -> str:
    if key in section.get("required", []):
        return "required"
    default = schema.get("default")
    if default is None:
        return "see its table" if schema_of(schema)["type"] == "object" else "see meaning"
    if isinstance(default, list):
        return f"`[{', '.join(default)}]`"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _meaning(schema: dict[str, Any]) -> str:
    meaning: str = schema.get("description") or schema_of(schema)["description"]
    return meaning


def render_events() -> str:
    """List the events that a policy may name, in Markdown."""
    return ", ".join(f"`{event}`" for event in EVENTS) + "\n"

"""Describe what pydantic found wrong in words that a developer can act on.

Pure. The words are made from the JSON Schema at the place in question, so that a message can never
list other keys or values than the reference does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from pydantic_core import ErrorDetails

from gate.policyfile.document import Location, Unquoted, spell_path
from gate.policyfile.schema import policy_schema
from gate.policyfile.values import shown

_SCHEMA: Final = policy_schema()
_EXPECTED: Final = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list such as `[a, b]`",
    "object": "keys with values",
}
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_CLOSE: Final = 0.6
_VERY_CLOSE: Final = 0.8
# Nobody mistypes a key of more than this; difflib's time grows with the square of the length.
_LONGEST_COMPARED: Final = 40


def describe(error: ErrorDetails) -> str:
    """Return the message for one of pydantic's errors."""
    location, given, context = error["loc"], error["input"], error.get("ctx", {})
    match error["type"]:
        case "policy":  # our own checks, see `gate.policyfile.values.problem`
            message = error["msg"]
        case "missing":
            message = _describe_missing(location)
        case "extra_forbidden":
            message = _describe_unknown(location)
        case _ if isinstance(given, Unquoted) and given.meaning == "nothing":
            message = "no value; set one, or remove the key to use its default"
        case "greater_than_equal":
            message = f"expected at least {context['ge']}, not {shown(given)}"
        case "too_short":
            message = f"expected at least {context['min_length']} entry"
        case _:
            message = _describe_value(given, location)
    return message


def _describe_missing(location: Location) -> str:
    if location == ("version",):
        return "missing; write `version: 1`"
    return "missing; list the gated environments below `environments:`"


def _describe_unknown(location: Location) -> str:
    name = str(location[-1])
    known = list(_schema_at(location[:-1]).get("properties", {}))
    # A slip of one letter is likelier than a key in the wrong section (`environment` is both), and
    # that is likelier than a key misspelled beyond recognition.
    close, homes = _closest(name, known, _VERY_CLOSE), _homes_of(name)
    if close is None and homes:
        return f"unknown key; `{name}` belongs {' or '.join(map(_spell_home, homes))}"
    if close := close or _closest(name, known):
        return f"unknown key; did you mean `{close}`?"
    return f"unknown key; expected one of: {', '.join(known)}"


def _describe_choice(given: object, allowed: list[str]) -> str:
    message = f"expected one of {', '.join(allowed)}, not {shown(given)}"
    close = _closest(given, allowed) if isinstance(given, str) else None
    return f"{message}; did you mean `{close}`?" if close else message


def _describe_value(given: object, location: Location) -> str:
    schema = _schema_at(location)
    if "enum" in schema:
        return _describe_choice(given, schema["enum"])
    kind = schema.get("type", "object")
    if kind == "string" and isinstance(given, Unquoted | int):
        meaning = given.meaning if isinstance(given, Unquoted) else _meaning(given)
        written = shown(given)
        return f'YAML reads {written} as {meaning}; write "{written.strip("`")}" with quotes'
    if kind == "integer" and isinstance(given, str) and _WHOLE_NUMBER.fullmatch(given):
        wanted = "1" if location == ("version",) else given
        return f'write `{location[-1]}: {wanted}`, not `{location[-1]}: "{given}"`'
    message = f"expected {_EXPECTED[kind]}, not {shown(given)}"
    if kind == "object":
        message += "; keys here: " + ", ".join(schema.get("properties", ["environments by name"]))
    return message


def _meaning(given: int) -> str:
    return "true or false" if isinstance(given, bool) else "a number"


def _closest(name: str, known: list[str], cutoff: float = _CLOSE) -> str | None:
    if len(name) > _LONGEST_COMPARED:
        return None
    matches = get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=cutoff)
    return matches[0] if matches else None


def _schema_at(location: Location) -> dict[str, Any]:
    """Find the schema that governs a location; empty where there is none."""
    schema = _SCHEMA
    for part in location:
        schema = schema_of(schema)
        if isinstance(part, int):
            schema = schema.get("items", {})
        elif part in schema.get("properties", {}):
            schema = schema["properties"][part]
        else:
            schema = next(iter(schema.get("patternProperties", {}).values()), {})
    return schema_of(schema)


def schema_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference into the schema's definitions; anything else is given back as it is."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    resolved: dict[str, Any] = _SCHEMA["$defs"][reference.removeprefix("#/$defs/")]
    return resolved


def sections(
    schema: dict[str, Any] = _SCHEMA, at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """List every mapping of the schema with the keys that lead there, outermost first.

    The name of an environment is `*`.
    """
    schema = schema_of(schema)
    if schema.get("type") != "object":
        return
    yield at, schema
    for name, inner in schema.get("properties", {}).items():
        yield from sections(inner, (*at, name))
    for inner in schema.get("patternProperties", {}).values():
        yield from sections(inner, (*at, "*"))


_SECTIONS: Final = tuple(sections())


def _homes_of(name: str) -> list[tuple[str, ...]]:
    return [at for at, schema in _SECTIONS if name in schema.get("properties", {})]


def _spell_home(home: tuple[str, ...]) -> str:
    if not home:
        return "at the top of the file"
    return f"below `{spell_path(tuple('NAME' if part == '*' else part for part in home))}`"

"""Resolve the nodes of a policy file to values, and keep the place of each.

Pure. A scalar becomes text, a whole number, true or false only where YAML 1.1, YAML 1.2 and JSON
agree about it. Whatever one of them reads differently (`yes`, `1:30`, `1.0`, a date) becomes an
`Unquoted`, which satisfies no type of the schema: so it is a problem, never a silent conversion.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

import yaml

from gate.domain.model.ids import environment_key
from gate.domain.model.policy.policy import Problem
from gate.policyfile.tree import Place, is_plain, place_of, read_tree

Location = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""

_WHOLE_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
# What the core schema of YAML 1.2 takes for a number beyond YAML 1.1, such as `1e3` and `0o10`.
_NUMBER_LATER: Final = re.compile(
    r"0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
)
_MEANING: Final = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:null": "nothing",
}
_LONGEST_KEY: Final = 255
"""As long as GitHub lets the name of an environment be; no other key is longer."""

_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Unquoted:
    """A scalar that readers of YAML disagree about; `meaning` is what some of them make of it."""

    text: str
    meaning: str


Value = str | int | bool | Unquoted | list["Value"] | dict[str, "Value"]


@dataclass(slots=True)
class Document:
    """The values of a file, its problems so far, and the place of everything in it."""

    root: dict[str, Value] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    keys: dict[Location, Place] = field(default_factory=dict)
    values: dict[Location, Place] = field(default_factory=dict)

    def place_of_value(self, location: Location) -> Place:
        """Find the value at `location`, else the nearest thing around it that is written."""
        while location and location not in self.values:
            location = location[:-1]
        return self.values[location]

    def place_of_key(self, location: Location) -> Place:
        """Find the key at `location`; what has none, a list's item, is found by its value."""
        return self.keys.get(location) or self.place_of_value(location)


def read_document(text: bytes) -> Document:
    """Read a file's values and list what is wrong with it as YAML.

    Of a key that stands twice the first one counts. Raises `Unreadable` when there is no context
    what the file means.
    """
    document = Document()
    tree = read_tree(text)
    value = _value(tree, (), document)
    assert isinstance(value, dict)  # noqa: S101 - `read_tree` gives nothing else
    document.root = value
    _check_environment_names(document)
    return document


def spell_path(location: Location) -> str:
    """Spell a location as people write it: `environments.production.validation.events[2]`."""
    spelled = ""
    for part in location:
        if isinstance(part, int):
            spelled += f"[{part}]"
        elif part and part == part.strip() and part.isprintable() and not set(part) & set('.[]"`'):
            spelled += ("." if spelled else "") + cut(part)
        else:
            spelled += f"[{json.dumps(cut(part))}]"
    return spelled


def cut(text: str) -> str:
    """Shorten text of any length to what fits in a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _value(node: yaml.Node, location: Location, document: Document) -> Value:
    document.values.setdefault(location, place_of(node))
    _check_tag(node, location, document)
    if isinstance(node, yaml.ScalarNode):
        value = resolve(node.value, plain=is_plain(node))
        if isinstance(value, Unquoted) and not node.value and location in document.keys:
            # YAML puts an absent value wherever the next token happens to be; show its key.
            document.values[location] = document.keys[location]
        return value
    if isinstance(node, yaml.SequenceNode):
        return _list(node, location, document)
    assert isinstance(node, yaml.MappingNode)  # noqa: S101 - there are three kinds of nodes
    return _dict(node, location, document)


def _list(node: yaml.SequenceNode, location: Location, document: Document) -> list[Value]:
    values: list[Value] = []
    seen: dict[str, int] = {}
    for index, item in enumerate(node.value):
        values.append(_value(item, (*location, index), document))
        if isinstance(item, yaml.ScalarNode) and seen.setdefault(item.value, index) != index:
            _report(
                document,
                place_of(item),
                (*location, index),
                f"`{cut(item.value)}` is in this list twice; remove one",
            )
    return values


def _dict(node: yaml.MappingNode, location: Location, document: Document) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key_node, value_node in node.value:
        key = _key(key_node, location, document)
        if key is None:
            continue
        here = (*location, key)
        if key in values:
            first = document.keys[here]
            _report(
                document,
                place_of(key_node),
                here,
                f"duplicate key; the first is on line {first.line}",
            )
            continue
        document.keys[here] = place_of(key_node)
        values[key] = _value(value_node, here, document)
    return values


def _key(node: yaml.Node, location: Location, document: Document) -> str | None:
    """Read a key; None, and a problem, when it is not plainly text."""
    if not isinstance(node, yaml.ScalarNode):
        _report(document, place_of(node), location, "a key must be text, not a list or a mapping")
        return None
    _check_tag(node, location, document)
    if is_plain(node) and node.value == "<<":
        _report(
            document,
            place_of(node),
            location,
            "the merge key `<<` is not supported, as in GitHub Actions; write the keys out,"
            " or use an alias for a whole value",
        )
        return None
    if len(node.value) > _LONGEST_KEY:
        _report(
            document, place_of(node), location, f"a key can have at most {_LONGEST_KEY} characters"
        )
        return None
    value = resolve(node.value, plain=is_plain(node))
    if isinstance(value, str):
        return value
    _report(
        document,
        place_of(node),
        location,
        f'key `{cut(node.value)}` is not text in YAML; write "{cut(node.value)}" with quotes',
    )
    return None


def _check_tag(node: yaml.Node, location: Location, document: Document) -> None:
    if node.tag is not None:
        message = f"tag `{cut(node.tag)}` is not allowed; remove it"
        _report(document, place_of(node), location, message)


def _report(document: Document, place: Place, location: Location, message: str) -> None:
    document.problems.append(Problem(place.line, place.column, spell_path(location), message))


def resolve(text: str, *, plain: bool) -> str | int | bool | Unquoted:
    """Return the value of a scalar; quoted and block scalars are always text."""
    if not plain:
        return text
    if text.lower() in {"true", "false"} and text in {text.lower(), text.title(), text.upper()}:
        return text.lower() == "true"
    if _WHOLE_NUMBER.fullmatch(text) and text != "-0":
        return int(text)
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], ()):
        if pattern.match(text) and tag in _MEANING:
            return Unquoted(text, _MEANING[tag])
    if _NUMBER_LATER.fullmatch(text):
        return Unquoted(text, "a number")
    return text


def _check_environment_names(document: Document) -> None:
    """Report environments that GitHub would take for one, because it ignores case."""
    environments = document.root.get("environments")
    if not isinstance(environments, dict):
        return
    first: dict[str, str] = {}
    for name in environments:
        earlier = first.setdefault(environment_key(name), name)
        if earlier != name:
            location = ("environments", name)
            _report(
                document,
                document.keys[location],
                location,
                f"same environment as `{cut(earlier)}`: GitHub ignores case in these names",
            )

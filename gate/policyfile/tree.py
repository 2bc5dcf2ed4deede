"""Read YAML into PyYAML's nodes, each of which knows its place in the file.

Pure. The limits are checked on the parser's events, before anything is built: a node too deep or an
alias too many ends the reading at once. No value is interpreted here; `gate.policyfile.document`
does that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import yaml

from gate.domain.model.policy.policy import Problem

try:  # the C parser is some ten times quicker; wheels have it, a build without libyaml does not
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # pragma: no cover - needs a PyYAML built without libyaml
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

LARGEST_FILE: Final = 64 * 1024
"""Bytes. A policy of a hundred environments with every key written out is smaller."""

DEEPEST: Final = 16
"""Levels. The schema itself has five."""

MOST_NODES: Final = 10_000
"""Nodes after every alias is replaced by what it stands for."""

_BOM: Final = "\ufeff"
# What YAML 1.1 calls printable (https://yaml.org/spec/1.1/#c-printable); the parser refuses the
# rest too, but gives a byte offset instead of a place.
_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_LINE_BREAK: Final = re.compile("\r\n|\r|\n")

_NodeEvent = yaml.ScalarEvent | yaml.CollectionStartEvent


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a node begins; line and column count from 1."""

    line: int
    column: int


class Unreadable(Exception):
    """The file cannot be read any further; `problem` says where and why."""

    def __init__(self, place: Place, message: str) -> None:
        """Store the problem; it belongs to no key, so its path is empty."""
        self.problem: Final = Problem(place.line, place.column, "", message)
        super().__init__(message)


class _Loader(_SafeLoader):
    """Resolves no tags, so that a node has a tag only where one is written."""

    def resolve(self, *_: object) -> None:
        """Leave out the tag that YAML would imply."""


def read_tree(text: bytes) -> yaml.MappingNode:
    """Build the nodes of the only document in `text`.

    Raises `Unreadable` for everything that is no mapping in one YAML document of UTF-8, for
    whatever breaks a limit, and for nothing else. Aliased nodes appear as the very same object.
    """
    decoded = _decode(text)
    try:
        limits = _Limits()
        for event in yaml.parse(decoded, Loader=_Loader):
            limits.check(event)
        root = yaml.compose(decoded, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(decoded, error) from error
    if root is None or (isinstance(root, yaml.ScalarNode) and is_plain(root) and not root.value):
        raise Unreadable(Place(1, 1), "the file is empty; start with `version: 1`")
    if not isinstance(root, yaml.MappingNode):
        raise Unreadable(
            place_of(root), "expected keys with values at the top level, starting with `version: 1`"
        )
    return root


def place_of(node: yaml.Node | yaml.Event) -> Place:
    """Return where a node begins."""
    mark = node.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


def is_plain(node: yaml.ScalarNode) -> bool:
    """Check that a scalar is written without quotes; YAML interprets no other kind."""
    return not node.style


def _decode(text: bytes) -> str:
    if len(text) > LARGEST_FILE:
        raise Unreadable(
            Place(1, 1), f"the file has {len(text)} bytes; the limit is {LARGEST_FILE}"
        )
    try:
        decoded = text.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8").removeprefix(_BOM)
        raise Unreadable(
            _end_of(before), f"byte 0x{text[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from error
    if found := _UNPRINTABLE.search(decoded):
        raise Unreadable(
            _end_of(decoded[: found.start()]),
            f"character U+{ord(found[0]):04X} is not allowed in YAML; remove it",
        )
    return decoded


def _end_of(text: str) -> Place:
    lines = _LINE_BREAK.split(text)
    return Place(len(lines), len(lines[-1]) + 1)


class _Limits:
    """Checks what `yaml.compose` would build or refuse without a place, event by event."""

    def __init__(self) -> None:
        # The place and the size of what each anchor names; None until its node has ended.
        self._anchors: dict[str, tuple[Place, int] | None] = {}
        self._open: list[tuple[_NodeEvent, int]] = []
        self._nodes = 0

    def check(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent() if self._nodes:
                raise Unreadable(
                    place_of(event), "expected one YAML document; a second one starts here"
                )
            case yaml.AliasEvent():
                self._add(*self._aliased(event))
            case yaml.ScalarEvent():
                self._enter(event)
                self._leave()
            case yaml.CollectionStartEvent():
                if len(self._open) >= DEEPEST:
                    message = f"nested more than {DEEPEST} levels deep; the policy needs five"
                    raise Unreadable(place_of(event), message)
                self._enter(event)
            case yaml.CollectionEndEvent():
                self._leave()
            case _:
                pass

    def _enter(self, event: _NodeEvent) -> None:
        if event.tag == "!":
            raise Unreadable(place_of(event), "tag `!` is not allowed; remove it")
        if event.anchor in self._anchors:
            raise Unreadable(
                place_of(event), f"anchor `&{event.anchor}` is defined twice; rename one of them"
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append((event, self._nodes))

    def _leave(self) -> None:
        event, before = self._open.pop()
        self._add(place_of(event), 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = place_of(event), self._nodes - before

    def _add(self, place: Place, size: int) -> None:
        self._nodes += size
        if self._nodes > MOST_NODES:
            raise Unreadable(place, f"more than {MOST_NODES} values, with aliases expanded")

    def _aliased(self, event: yaml.AliasEvent) -> tuple[Place, int]:
        name = event.anchor or ""
        if name not in self._anchors:
            raise Unreadable(place_of(event), f"alias `*{name}` has no anchor `&{name}` above it")
        anchored = self._anchors[name]
        if anchored is None:
            raise Unreadable(place_of(event), f"alias `*{name}` is inside its own anchor")
        return anchored


def _not_yaml(text: str, error: yaml.MarkedYAMLError) -> Unreadable:
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)
    lines = _LINE_BREAK.split(text)
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    character = line[place.column - 1 : place.column]
    message = f"not YAML: {error.problem or error.context or 'it cannot be parsed'}"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        message += "; indent with spaces, not tabs"
    elif character in {"@", "`", "%"}:
        message += f"; quote a value that starts with {character}"
    return Unreadable(place, message)

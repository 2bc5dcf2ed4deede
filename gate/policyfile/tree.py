"""Read YAML into a small tree of our own, in which every node knows its place.

Pure. Works on parser events rather than on `yaml.compose`, because only events let the limits bite
before anything is built: a node too deep or an alias too many ends the reading at once. Nothing is
interpreted here; `gate.policyfile.document` gives the nodes their values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn

import yaml

from gate.domain.model.policy import Problem

try:  # the C parser is some ten times quicker; wheels have it, a build without libyaml does not
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover - needs a PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

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


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a node begins; line and column count from 1."""

    line: int
    column: int


@dataclass(slots=True, eq=False)
class Scalar:
    """A single value as it is written. `plain` is without quotes, the only kind YAML interprets."""

    place: Place
    tag: str | None
    text: str
    plain: bool
    size: int = 1


@dataclass(slots=True, eq=False)
class Sequence:
    """A list of nodes."""

    place: Place
    tag: str | None
    items: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True, eq=False)
class Mapping:
    """Pairs of nodes in the order of the file; a key may still be anything, and stand twice."""

    place: Place
    tag: str | None
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    size: int = 1


Node = Scalar | Sequence | Mapping


class Unreadable(Exception):
    """The file cannot be read any further; `problem` says where and why."""

    def __init__(self, place: Place, message: str) -> None:
        """Keep the problem; it belongs to no key, so its path is empty."""
        self.problem: Final = Problem(place.line, place.column, "", message)
        super().__init__(message)


def read_tree(text: bytes) -> Mapping:
    """Build the tree of the only document in `text`.

    Raises `Unreadable` for everything that is no mapping in one YAML document of UTF-8, for
    whatever breaks a limit, and for nothing else. Aliased nodes appear as the very same object.
    """
    root = _Composer(_decode(text)).compose()
    if root is None or (isinstance(root, Scalar) and root.plain and not root.text):
        raise Unreadable(Place(1, 1), "the file is empty; it must at least say `version: 1`")
    if not isinstance(root, Mapping):
        raise Unreadable(
            root.place, "expected keys with values at the top, beginning with `version: 1`"
        )
    return root


def _decode(text: bytes) -> str:
    if len(text) > LARGEST_FILE:
        raise Unreadable(
            Place(1, 1), f"the file has {len(text)} bytes; at most {LARGEST_FILE} are read"
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
            f"character U+{ord(found[0]):04X} may not stand in YAML; remove it",
        )
    return decoded


def _end_of(text: str) -> Place:
    lines = _LINE_BREAK.split(text)
    return Place(len(lines), len(lines[-1]) + 1)


def _begin(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


class _Composer:
    """Turns the events of one text into nodes, without recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._anchors: dict[str, Node | None] = {}
        # Open collections with the children seen so far; the root ends up in `_top`.
        self._open: list[tuple[Sequence | Mapping, list[Node], str | None]] = []
        self._top: list[Node] = []
        self._nodes = 0

    def compose(self) -> Node | None:
        for event in self._events():
            match event:
                case yaml.DocumentStartEvent() if self._top:
                    raise Unreadable(_begin(event), "expected one document; a second begins here")
                case yaml.ScalarEvent():
                    plain = event.style is None or event.style == ""
                    self._add(
                        Scalar(_begin(event), event.tag, event.value, plain),
                        event.anchor,
                    )
                case yaml.AliasEvent():
                    self._add(self._aliased(event), None)
                case yaml.SequenceStartEvent():
                    self._enter(Sequence(_begin(event), event.tag), event.anchor)
                case yaml.MappingStartEvent():
                    self._enter(Mapping(_begin(event), event.tag), event.anchor)
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    self._leave()
                case _:
                    pass
        return self._top[0] if self._top else None

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            self._refuse(error)
        except yaml.YAMLError as error:  # pragma: no cover - `_decode` lets nothing through for it
            raise Unreadable(Place(1, 1), f"not YAML: {error}") from error

    def _refuse(self, error: yaml.MarkedYAMLError) -> NoReturn:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)
        lines = _LINE_BREAK.split(self._text)
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        character = line[place.column - 1 : place.column]
        message = f"not YAML: {error.problem or error.context or 'it cannot be parsed'}"
        if "\t" in line[: len(line) - len(line.lstrip())]:
            message += "; indent with spaces, a tab is not allowed here"
        elif character in {"@", "`", "%"}:
            message += f"; a value that begins with {character} needs quotes"
        raise Unreadable(place, message) from error

    def _enter(self, node: Sequence | Mapping, anchor: str | None) -> None:
        if len(self._open) >= DEEPEST:
            raise Unreadable(node.place, f"nested more than {DEEPEST} levels deep")
        if anchor is not None:
            self._anchors[anchor] = None
        self._open.append((node, [], anchor))

    def _leave(self) -> None:
        node, children, anchor = self._open.pop()
        node.size += sum(child.size for child in children)
        if isinstance(node, Sequence):
            node.items = children
        else:
            node.pairs = list(zip(children[::2], children[1::2], strict=True))
        self._add(node, anchor, counted=True)

    def _add(self, node: Node, anchor: str | None, *, counted: bool = False) -> None:
        self._nodes += 1 if counted else node.size
        if self._nodes > MOST_NODES:
            raise Unreadable(
                node.place, f"more than {MOST_NODES} values, counting what aliases stand for"
            )
        if anchor is not None:
            self._anchors[anchor] = node
        (self._open[-1][1] if self._open else self._top).append(node)

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        name = event.anchor
        if name not in self._anchors:
            raise Unreadable(_begin(event), f"alias `*{name}` has no anchor `&{name}` above it")
        node = self._anchors[name]
        if node is None:
            raise Unreadable(_begin(event), f"alias `*{name}` stands inside its own anchor")
        return node

"""Parse the bytes of an XML file into elements, and refuse what only an attacker sends.

A DOCTYPE is refused where it begins, so no entity is ever declared or expanded. The file is read as
UTF-8, which is all that Maestro writes; expat is told so, and no `encoding=` makes it look for a
codec. Characters that XML forbids, such as terminal colors, do not break the rest of the file.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from reporting.problem import ReportProblem

SIZE_LIMIT = 16 * 1024 * 1024
DEPTH_LIMIT = 32
ELEMENT_LIMIT = 200_000
TEXT_LIMIT = 64 * 1024
"""Characters of text kept of one element; more is counted and dropped."""

_MIB = 1024 * 1024
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<")
_STAND_IN = "\ue000"
"""Stands for what XML forbids: `clean` drops it from texts, and no markup can be made with it.
Taking characters out instead could join what stood around them to the end of a CDATA section."""
_ALLOWED = "\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
_COLORS = re.compile(r"(?:\x1b|&#(?:0{0,8}27|x0{0,8}1[Bb]);)\[[0-9;:?]{0,32}[A-Za-z]")
_FORBIDDEN = re.compile(f"[^{_ALLOWED}]")
_CODES = range(0x110000)
_REFERENCE = re.compile(r"&#(?:([0-9]{1,16})|x([0-9A-Fa-f]{1,16}));")


@dataclass
class Element:
    """An element with its content. `tag` is in lower case and without a prefix."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    text_size: int = 0


def parse_document(data: bytes, file: str) -> Element:
    """Return the root element. Raises ReportProblem, and nothing else, unless it is plain XML."""
    if len(data) > SIZE_LIMIT:
        raise ReportProblem(file, f"larger than {SIZE_LIMIT // _MIB} MiB")
    if not data.strip():
        raise ReportProblem(file, "the file is empty")
    if data.startswith(_UTF_16):
        raise ReportProblem(file, "not valid XML: the file is in UTF-16, not UTF-8", 1)
    return _Reading(file).read(_without_forbidden(data.decode("utf-8-sig", "replace")))


def _without_forbidden(text: str) -> str:
    """Replace each character and reference that XML forbids; line numbers do not change."""
    text = _FORBIDDEN.sub(_STAND_IN, _COLORS.sub(_STAND_IN, text))
    return _REFERENCE.sub(_checked_reference, text)


def _checked_reference(reference: re.Match[str]) -> str:
    decimal, hexadecimal = reference.groups()
    code = int(decimal) if decimal else int(hexadecimal, 16)
    is_allowed = code in _CODES and _FORBIDDEN.match(chr(code)) is None
    return reference.group() if is_allowed else _STAND_IN


class _Reading:
    """One pass of expat over one file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[Element] = []
        self._root: Element | None = None
        self._elements = 0
        self._parser = parser = expat.ParserCreate(encoding="UTF-8")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text

    def read(self, text: str) -> Element:
        try:
            self._parser.Parse(text, True)  # noqa: FBT003 - pyexpat takes it by position only
        except expat.ExpatError as error:
            words = expat.ErrorString(error.code) or "not well-formed"
            raise ReportProblem(self._file, f"not valid XML: {words}", error.lineno) from None
        if self._root is None:
            raise self._problem("not valid XML: no element found")
        return self._root

    def _problem(self, message: str) -> ReportProblem:
        return ReportProblem(self._file, message, self._parser.CurrentLineNumber)

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise self._problem("declares an encoding other than UTF-8; Maestro writes UTF-8")

    def _refuse_doctype(self, *_declared: object) -> None:
        raise self._problem("contains a DOCTYPE; Maestro writes none")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > ELEMENT_LIMIT:
            raise self._problem(f"more than {ELEMENT_LIMIT:,} elements")
        if len(self._open) >= DEPTH_LIMIT:
            raise self._problem(f"elements are nested more than {DEPTH_LIMIT} levels deep")
        name = tag.rpartition(":")[2].lower()
        element = Element(name, attributes, self._parser.CurrentLineNumber)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _add_text(self, text: str) -> None:
        element = self._open[-1]
        if element.text_size < TEXT_LIMIT:
            element.text.append(text[: TEXT_LIMIT - element.text_size])
        element.text_size += len(text)

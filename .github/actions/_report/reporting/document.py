"""Read the bytes of an XML file into elements, and refuse what only an attacker sends.

A document type is refused where it begins, so no entity is ever declared and none can be expanded.
The file is read as UTF-8, which is all that Maestro writes: with expat told so, no `encoding=`
makes it look for a codec.
"""

from __future__ import annotations

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


@dataclass
class Element:
    """An element with what stands in it. `tag` is in lower case and without a prefix."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    text_size: int = 0


def parse_document(data: bytes, file: str) -> Element:
    """Give the root element. Raises ReportProblem, and nothing else, for what is no plain XML."""
    if len(data) > SIZE_LIMIT:
        raise ReportProblem(file, f"larger than {SIZE_LIMIT // _MIB} MiB")
    if not data.strip():
        raise ReportProblem(file, "the file is empty")
    if (nul := data.find(b"\0")) >= 0:
        # Told UTF-8 or not, expat reads UTF-16 where a byte order mark stands.
        line = data.count(b"\n", 0, nul) + 1
        raise ReportProblem(file, "no valid XML in UTF-8: a NUL byte", line)
    return _Reading(file).read(data)


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

    def read(self, data: bytes) -> Element:
        try:
            self._parser.Parse(data, True)  # noqa: FBT003 - pyexpat takes it by position only
        except expat.ExpatError as error:
            words = expat.ErrorString(error.code) or "not well-formed"
            raise ReportProblem(self._file, f"no valid XML: {words}", error.lineno) from None
        if self._root is None:
            raise self._problem("no valid XML: no element found")
        return self._root

    def _problem(self, message: str) -> ReportProblem:
        return ReportProblem(self._file, message, self._parser.CurrentLineNumber)

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise self._problem("says that it is not in UTF-8, and Maestro writes UTF-8")

    def _refuse_doctype(self, *_declared: object) -> None:
        raise self._problem("has a document type (DOCTYPE), and Maestro writes none")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > ELEMENT_LIMIT:
            raise self._problem(f"more than {ELEMENT_LIMIT:,} elements")
        if len(self._open) >= DEPTH_LIMIT:
            raise self._problem(f"elements stand more than {DEPTH_LIMIT} deep")
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

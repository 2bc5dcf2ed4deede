"""Make text that others wrote harmless before it is shown.

Pure. It may hold mentions, Markdown, chat commands, or characters that turn the reading direction.
People copy what they read, so nothing invisible is put into it: a word that could notify, link or
command stands in a code span, where GitHub reads nothing.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ELLIPSIS: Final = "…"
_ESCAPED: Final = frozenset("\\`*_{}[]()<>#+!|~&-=:.@/")
_PLAIN_IN_WORDS: Final = frozenset("-.:=/+")
_NOT_TEXT: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})

_PIECE: Final = re.compile(r"[`|<>]|[^`|<>]+")
"""What a code span in any place may hold, and single characters that it may not: a table takes even
the `|` of a code span for the end of a cell."""

_EDGES: Final = """[](){}"'“”‘’«»,;.!?"""  # noqa: RUF001 - what people type
"""What stands before or behind a word and is no part of it."""

_ACTS: Final = re.compile(
    r"""[@\#:]                         # mentions, issues, addresses, emoji
    |^/                                # commands of bots
    |\.[^\W\d_]|^www\.                 # names of hosts
    |(?<![A-Za-z0-9])gh-[0-9]          # GitHub links `GH-12` like `#12`
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TIME: Final = re.compile(r"[0-2][0-9]:[0-5][0-9]")
"""A time of day; two digits between colons are no emoji."""

_LINKABLE: Final = re.compile(r"https?://[^\s()<>\[\]\\`]{1,240}")
_LIST_MARKER: Final = re.compile(r"[0-9]+\.")


def neutralize(text: str, limit: int | None = None) -> str:
    """Make foreign text harmless where Markdown, mentions or chat commands would be read.

    Control and format characters (bidirectional overrides, zero-width ones) are dropped, blanks of
    any kind become one plain blank, Markdown punctuation is escaped, all of it where a block could
    begin, and words that notify, link or command become code spans. With a `limit` it is cut to
    so many characters.
    """
    safe = ""
    for word in _words(text):
        safe += " " if safe else ""
        for piece in _PIECE.findall(word):
            safe += _harmless(piece, begins=not safe)
    return safe if limit is None else cut_markdown(safe, limit)


def fits_code_span(text: str) -> bool:
    """Return whether `code_span` can show text whole: backticks and bars would end it."""
    return bool(_words(text)) and not set("`|") & set(text)


def code_span(text: str) -> str:
    """Show text on one line exactly as it is, to be copied as one piece."""
    if not fits_code_span(text):
        return neutralize(text)
    words = _words(text)
    return f"`{' '.join(words)}`"


def link(label: str, url: str) -> str:
    """Link a harmless label to an address of GitHub; leave out one that would break the link."""
    return f"[{label}]({url})" if _LINKABLE.fullmatch(url) else label


def visible_lines(text: str) -> str:
    """Drop control and format characters, and make blanks of any kind plain, but keep lines."""
    if text.isprintable():
        # Nearly every text: it has no blank but the plain one, and nothing of what is dropped.
        return text
    return "".join(it if it in "\n\t" else _visible(it) for it in text)


def _words(text: str) -> list[str]:
    return "".join(_visible(char) for char in text).split()


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in _NOT_TEXT else char


def _harmless(piece: str, *, begins: bool) -> str:
    core = piece.strip(_EDGES).rstrip(f"{_EDGES}:")
    if _ACTS.search(core) and not _TIME.fullmatch(core):
        head, _, tail = piece.partition(core)
        return f"{_escape(head, begins=begins)}`{core}`{_escape(tail, begins=False)}"
    if begins and _LIST_MARKER.fullmatch(piece):
        return f"{piece[:-1]}\\."
    return _escape(piece, begins=begins)


def _escape(text: str, *, begins: bool) -> str:
    """Escape Markdown; inside a line some of it is harmless, so that file names stay readable."""
    return "".join(
        f"\\{char}"
        if char in _ESCAPED and ((begins and not at) or char not in _PLAIN_IN_WORDS)
        else char
        for at, char in enumerate(text)
    )


def cut(text: str, limit: int) -> str:
    """Shorten to at most `limit` characters, at a line's or word's end where there is one."""
    return text if len(text) <= limit else _head(text, limit).rstrip() + _ELLIPSIS


def cut_markdown(text: str, limit: int) -> str:
    """Shorten like `cut`, but neither inside an escape nor so that a code span stays open.

    A code span is left out whole, or closed where it is most of the text. For text whose code spans
    begin and end with one backtick each.
    """
    if len(text) <= limit:
        return text
    head = _head(text, limit)
    opening = _open_span(head)
    if opening is None:
        return head.rstrip("\\").rstrip() + _ELLIPSIS
    if opening > limit // 2:
        return head[:opening].rstrip() + _ELLIPSIS
    return f"{head[: limit - 2]}{_ELLIPSIS}`"


def _head(text: str, limit: int) -> str:
    head = text[: limit - len(_ELLIPSIS)]
    for separator in ("\n", " "):
        at = head.rfind(separator)
        if at > limit // 2:
            return head[:at]
    return head


def _open_span(text: str) -> int | None:
    """Find where a code span begins that does not end."""
    opening: int | None = None
    at = 0
    while at < len(text):
        if text[at] == "`":
            opening = at if opening is None else None
        elif text[at] == "\\" and opening is None:
            at += 1
        at += 1
    return opening

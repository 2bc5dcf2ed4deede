"""Read Markdown as GitHub renders it: what is shown, what acts, what can be copied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gate.domain.comments.commands import Command, parse_command
from gate.store.comments.commands import COMMAND_KINDS

_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_CODE: Final = "\ufffc"
"""Stands for a code span, in which GitHub reads nothing."""

_ACTS: Final = re.compile(
    r"@\w|#\d|\bgh-\d|https?:|ftp:|mailto:|\bwww\.|\w\.[^\W\d_]|:[\w+-]+:", re.IGNORECASE
)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def _inline(text: str) -> Iterator[list[Token]]:
    for token in _PARSER.parse(text):
        if token.type == "inline":
            yield token.children or []


def _spelled(token: Token) -> str:
    match token.type:
        case "text" | "code_inline":
            return token.content
        case "softbreak" | "hardbreak":
            return "\n"
        case _:
            return ""


def shown(text: str) -> str:
    """Return what a person sees, and copies from the page."""
    return "\n".join("".join(_spelled(it) for it in line) for line in _inline(text))


def code_spans(text: str) -> list[str]:
    """List what stands in code spans."""
    return [it.content for line in _inline(text) for it in line if it.type == "code_inline"]


def kinds(text: str) -> set[str]:
    """Name the kinds of markup in a text, but for plain text, paragraphs and code spans."""
    plain = {"text", "code_inline", "softbreak", "inline", "paragraph_open", "paragraph_close"}
    tokens = _PARSER.parse(text)
    found = {it.type for token in tokens for it in (token, *(token.children or []))}
    return found - plain


def acting(text: str) -> list[str]:
    """List what in a text notifies or links, but for links that are written as links."""
    found: list[str] = []
    for line in _inline(text):
        bare, depth = "", 0
        for it in line:
            depth += it.nesting if it.type.startswith("link") else 0
            if not depth:
                bare += _CODE if it.type == "code_inline" else _spelled(it)
        found += _ACTS.findall(bare)
        found += [it.type for it in line if it.type in {"image", "html_inline"}]
    return found


def invisible(text: str) -> list[str]:
    """List characters that nobody sees, but that go along when a text is copied."""
    return [
        char
        for char in text
        if char != "\n"
        and (unicodedata.category(char) in _INVISIBLE or (char.isspace() and char != " "))
    ]


def check_commands(text: str) -> None:
    """Check that each command a text shows as one to copy is read as that command.

    What stands in angle brackets is to be replaced: by one of its alternatives, or by words.
    """
    for span in code_spans(text):
        is_ours = re.match(rf"/({'|'.join(COMMAND_KINDS.values())})(?![\w/-])", span)
        for filled in _filled(span) if is_ours else ():
            command = parse_command(filled)
            assert isinstance(command, Command)
            assert filled.startswith(f"/{COMMAND_KINDS[type(command)]}")


def _filled(command: str) -> list[str]:
    found = re.search("<([^<>]*)>", command)
    if found is None:
        return [command]
    meant = found[1]
    choices = ["601"] if meant.startswith("run") else meant.split(", ")
    before, after = command[: found.start()], command[found.end() :]
    return [f"{before}{choice}{rest}" for choice in choices for rest in _filled(after)]

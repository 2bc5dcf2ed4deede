"""Docstrings begin with a verb that says what is done, not with one that could mean anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("gate", "tests", ".ci", ".github/actions")
VAGUE: Final = {
    "give": "Return, Provide, Yield",
    "keep": "Store, Hold, Cache",
    "say": "Return, Describe, Log",
    "tell": "Return, Notify, Distinguish",
}
"""What no docstring begins with, and what may be meant."""

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def first_words(source: str) -> Iterator[tuple[int, str]]:
    """List the line and the first word of each docstring."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text.split()[0].strip(".,:;")


def is_vague(word: str) -> bool:
    """Check a verb in the imperative or the third person."""
    return word.lower().removesuffix("s") in VAGUE


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_docstring_begins_with_a_vague_verb(folder: str) -> None:
    """Each names what is returned, stored or sent."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word}; better {VAGUE[word.lower().removesuffix('s')]}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, word in first_words(path.read_text(encoding="utf-8"))
        if is_vague(word)
    ]
    assert found == []


def test_a_vague_verb_is_seen_wherever_it_stands() -> None:
    """In the docstring of a module, a class, and a method."""
    source = "'''Tell.'''\nclass It:\n '''Keeps.'''\n def now(self):\n  '''Give it.'''"
    assert [word for _, word in first_words(source) if is_vague(word)] == ["Tell", "Keeps", "Give"]

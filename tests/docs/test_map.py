"""The pages that lead through the code name files and functions that exist, and every room."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [
    ROOT / "docs" / "contributing.md",
    ROOT / "docs" / "explanation" / "architecture.md",
]
FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PLACE: Final = re.compile(
    r"`((?:gate|tests|docs|\.ci|\.github)(?:/[\w./-]*)?|[\w.-]+\.(?:md|toml|yaml)|Makefile)"
    r"(?::([\w.]+))?`"
)
ROOMS: Final = [
    "gate",
    "gate/domain",
    "gate/githubapp",
    "gate/reconciler",
    "gate/store",
    "gate/web",
]


def places_of(markdown: str) -> Iterator[tuple[str, str]]:
    """List each path in code spans, with the name behind its colon or nothing."""
    yield from PLACE.findall(FENCE.sub("", markdown))


def defines(path: Path, name: str) -> bool:
    """Check whether a module has a function, class or method of this dotted name."""
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        found = [
            node
            for node in body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and node.name == part
        ]
        if not found:
            return False
        body = found[0].body
    return True


def missing(markdown: str) -> list[str]:
    """List the places of a page that the code does not have."""
    return [
        f"{path}:{name}" if name else path
        for path, name in places_of(markdown)
        if not (ROOT / path).exists() or (name and not defines(ROOT / path, name))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_places_exist(page: Path) -> None:
    """Each file and function that a page names is in the code."""
    text = page.read_text(encoding="utf-8")
    assert len(list(places_of(text))) > 30
    assert missing(text) == []


@pytest.mark.parametrize(
    "place",
    ["gate/gone.py", "gate/errors.py:gone", "gate/web/door/door.py:Door.gone", "gone.toml"],
)
def test_a_place_that_is_gone_is_named(place: str) -> None:
    """A moved file, function or method is not overlooked."""
    assert missing(f"See `{place}` and `gate/web/door/door.py:Door.take`.") == [place]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_named(room: str) -> None:
    """Each folder of a floor, or something in it, is named on one of the pages."""
    named = {path for page in PAGES for path, _ in places_of(page.read_text(encoding="utf-8"))}
    folders = [str(it.parent.relative_to(ROOT)) for it in (ROOT / room).glob("*/__init__.py")]
    unnamed = [it for it in folders if not any(f"{path}/".startswith(f"{it}/") for path in named)]
    assert unnamed == []

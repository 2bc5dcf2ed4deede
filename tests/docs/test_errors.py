"""Every slug an error is raised with stands in its class's docstring and on the page of reasons."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from gate import errors

ROOT: Final = Path(__file__).parents[2]
KINDS: Final = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.GateError)
}
COMPUTED: Final = {
    "_refusal(message)": {
        "already_reviewed",
        "nothing_pending",
        "review_conflict",
        "unprocessable",
    },
    "_prohibition(status, message)": {
        "clock_skewed",
        "installation_suspended",
        "ip_not_allowed",
        "key_rejected",
        "permission_missing",
        "repository_archived",
    },
    "reason": {"clock_skewed", "github_unavailable", "key_rejected"},
    "_absence(message)": {"issues_disabled", "not_found"},
    "slug": {"alert_refused", "channel_refused"},
    "f'{_noun(submission)}_conflict'": {"alert_conflict", "report_conflict"},
    "error.reason": set[str](),
}
"""Reasons that are no literal, with what they may be; another error's stands with that one."""


@cache
def raised() -> dict[str, set[str]]:
    """List by class the slugs with which errors are made anywhere in the code."""
    found: dict[str, set[str]] = defaultdict(set, {"ConfigError": {"config_invalid"}})
    texts = (path.read_text() for path in (ROOT / "gate").rglob("*.py"))
    for text in texts:
        # Reading text is quicker than parsing it, and few files make errors.
        if not any(f"{name}(" in text for name in KINDS):
            continue
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and call.args:
                name = ast.unparse(call.func)
                if name in KINDS and name != "ConfigError":
                    found[name] |= slugs(call.args[0])
    return found


def slugs(reason: ast.expr) -> set[str]:
    """Return the slugs that an argument may be; one that nobody can tell is a fault of the code."""
    match reason:
        case ast.Constant(str(slug)):
            return {slug}
        case ast.IfExp(body=body, orelse=orelse):
            return slugs(body) | slugs(orelse)
        case _:
            return COMPUTED[ast.unparse(reason)]


def pairs() -> Iterator[tuple[str, str]]:
    """Return each class with each of its slugs."""
    for name, reasons in sorted(raised().items()):
        for reason in sorted(reasons):
            yield name, reason


@pytest.mark.parametrize("name", KINDS)
def test_a_class_lists_its_slugs(name: str) -> None:
    """The docstring of an error lists exactly the reasons it is raised with, in order."""
    text = " ".join((inspect.getdoc(KINDS[name]) or "").split())
    (listed,) = re.findall(r"is one of ([a-z_, ]+)\.", text)
    assert listed.split(", ") == sorted(raised()[name])


@pytest.mark.parametrize(("name", "reason"), list(pairs()))
def test_every_slug_stands_on_the_page(name: str, reason: str) -> None:
    """The reference tells of each slug what it means."""
    pages = [(ROOT / "docs" / "reference" / it).read_text() for it in ("reasons.md", "http-api.md")]
    rows = [line for page in pages for line in page.splitlines() if line.startswith("| ")]
    assert any(f"`{reason}`" in row for row in rows), f"{name}({reason!r})"

"""The documentation names everything the code has, and nothing that only one machine has."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from gate.cli import gate
from gate.domain.model.overrides import RefusalCode
from gate.domain.requests.closing import Closure
from gate.domain.requests.decision import ReasonCode
from gate.settings import SETTINGS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COGGED = [page for page in PAGES if "[[[cog" in page.read_text(encoding="utf-8")]
COG_SECONDS = 60

EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|work|tmp|mnt|opt|var)/|[A-Z]:\\")


def text_of(page: str) -> str:
    """Read a page of the reference."""
    return (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")


def first_cells(page: str) -> list[str]:
    """Return what stands in backquotes in the first cell of each row of a page's tables."""
    return re.findall(r"^\| `([^`]+)` \|", text_of(page), re.MULTILINE)


def commands(command: click.Command, name: str) -> Iterator[str]:
    """Name a command and all below it."""
    yield name
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            yield from commands(found, f"{name} {sub}")


def names_log(node: ast.AST) -> bool:
    """Return whether an expression reaches for the module's logger."""
    return any(isinstance(it, ast.Name) and it.id == "log" for it in ast.walk(node))


def logged_events(source: str) -> Iterator[str]:
    """Find the literal names that a module logs, by `log` or by a variable that stands for it."""
    tree = ast.parse(source)
    writers = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and names_log(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        function, name = node.func, node.args[0]
        is_writer = isinstance(function, ast.Name) and function.id in writers
        is_log = isinstance(function, ast.Attribute) and names_log(function.value)
        if (is_writer or is_log) and isinstance(name, ast.Constant):
            yield str(name.value)


def all_events() -> set[str]:
    """Collect the names that the whole of gate logs."""
    modules = (ROOT / "gate").rglob("*.py")
    return {name for it in modules for name in logged_events(it.read_text(encoding="utf-8"))}


def anchors(page: Path) -> set[str]:
    """Return the anchors GitHub makes of a page's headings."""
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


def broken_links(page: Path) -> Iterator[str]:
    """List the relative links of a page that lead nowhere."""
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            yield target


def shown(page: Path) -> str:
    """Name a page in a test's id."""
    return str(page.relative_to(ROOT))


def test_every_setting_stands_on_its_page() -> None:
    """The page of settings lists each variable the gate reads, and no other."""
    assert [setting.name for setting in SETTINGS] == first_cells("settings.md")


@pytest.mark.parametrize("reason", [*ReasonCode, *Closure, *RefusalCode])
def test_every_reason_stands_on_its_page(reason: ReasonCode | Closure | RefusalCode) -> None:
    """The page has a row for each reason of a decision, end of a request and refused override."""
    assert first_cells("reasons.md").count(reason.value) == 1


@pytest.mark.parametrize("command", list(commands(gate, "gate")))
def test_every_command_stands_on_its_page(command: str) -> None:
    """The page of commands has a section for each command."""
    assert f"\n## `{command}`\n" in text_of("cli.md")


def test_every_log_event_stands_on_its_page() -> None:
    """The page of log events lists each name that is logged, and no other."""
    assert sorted(all_events()) == first_cells("log-events.md")


def test_log_events_are_named_alike() -> None:
    """Each name that is logged is a noun and a verb."""
    assert [name for name in all_events() if not EVENT.fullmatch(name)] == []


def test_logged_names_are_found_behind_a_variable() -> None:
    """A log method that was put into a variable first is not overlooked."""
    source = "write = log.error if bad else log.info\nwrite('a.b')\nlog.bind(x=1).info('c.d')"
    assert {"a.b", "c.d"} == set(logged_events(source))


def test_generated_parts_are_current() -> None:
    """What cog would write today is what stands on the pages."""
    assert COGGED
    command = [sys.executable, "-m", "cogapp", "--check", *map(str, COGGED)]
    done = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=COG_SECONDS
    )
    assert done.returncode == 0, f"run `make format`\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_relative_links_resolve(page: Path) -> None:
    """Each link to another page or heading of ours leads somewhere."""
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_no_page_names_a_place_on_one_machine(page: Path) -> None:
    """No page holds a path that only its writer's machine has."""
    assert MACHINE_PATH.search(page.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_page_can_be_reached(page: Path) -> None:
    """Each page below docs is linked from the index."""
    if page.is_relative_to(ROOT / "docs") and page.name not in {"index.md", "0000-template.md"}:
        index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
        assert f"({page.relative_to(ROOT / 'docs').as_posix()})" in index

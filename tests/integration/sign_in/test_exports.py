"""A download of the history lasts no longer than the rights of its reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from werkzeug.exceptions import ServiceUnavailable

from gate.errors import GateError
from gate.simulator.faults import Fault
from gate.store.access.sessions import end_all_sessions
from gate.web.pages.history import history
from tests.support.browser import Browser
from tests.support.harness import REPOSITORY, Gate

PATHS: Final = ["/history.csv", "/history.jsonl"]


@pytest.fixture
def runs(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bring three deployments to a gate that exports one at a time, and name their runs."""
    monkeypatch.setattr(history, "_BATCH", 1)
    deployed = [gate.github.deploy(REPOSITORY).run_id for _ in range(3)]
    gate.settle()
    return deployed


def begin_export(gate: Gate, browser: Browser, path: str) -> Iterator[bytes]:
    """Sign in as alice, and begin a download whose parts are read one by one."""
    browser.sign_in("alice")
    client = gate.client()
    client.set_cookie("gate", str(browser.http.cookies.get("gate")), domain="127.0.0.1")
    # From elsewhere, as the browser.
    answer = client.get(path, base_url=gate.url, headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.status_code == 200
    return answer.iter_encoded()


def read_runs(parts: Iterator[bytes], runs: list[int]) -> Iterator[int]:
    """Yield the runs as the download shows them."""
    for part in parts:
        yield from (run for run in runs if str(run) in part.decode())


def lose_the_right(gate: Gate) -> None:
    """Take the repository from alice, and let five minutes pass."""
    gate.github.set_role(REPOSITORY, "alice", "")
    gate.github.advance(301)


def sign_out(gate: Gate) -> None:
    """End all sessions, as an operator does."""
    gate.service.database.transact(end_all_sessions)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("end", [sign_out, lose_the_right])
def test_it_ends_with_the_rights_of_its_reader(
    gate: Gate, browser: Browser, runs: list[int], path: str, end: Callable[[Gate], None]
) -> None:
    """What was not sent yet is not sent any more."""
    export = read_runs(begin_export(gate, browser, path), runs)
    first = next(export)
    end(gate)
    sent: list[int] = []
    with pytest.raises(GateError, match="rights_changed"):
        sent.extend(export)
    assert first in runs
    assert len(sent) < 2


def test_it_ends_when_github_cannot_tell(gate: Gate, browser: Browser, runs: list[int]) -> None:
    """An answer of GitHub counts for five minutes, in a download too."""
    export = read_runs(begin_export(gate, browser, PATHS[0]), runs)
    next(export)
    gate.github.add_fault(Fault("/user", status=502))
    gate.github.advance(301)
    with pytest.raises(ServiceUnavailable):
        list(export)


def test_it_is_whole_while_they_last(gate: Gate, browser: Browser, runs: list[int]) -> None:
    """Four minutes between two parts, in which GitHub is asked again, change nothing."""
    export = read_runs(begin_export(gate, browser, PATHS[1]), runs)
    sent = []
    for run in export:
        sent.append(run)
        gate.github.advance(241)
    assert sorted(sent) == sorted(runs)

"""The commands with which an auditor checks and exports the record of a running service."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gate.domain.audit.chain import FIELDS, canonical
from gate.errors import ConfigError
from tests.integration.audit.audit_copy import Copy
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, check_record


def test_an_untouched_trail_is_verified(audited: Copy) -> None:
    """By the public key alone, or by the service's own settings."""
    for result in (audited.verify(), audited.run("audit", "verify", with_key=True)):
        assert result.exit_code == 0, result.output
        assert "1 checkpoint, signed up to" in result.output
        assert "entries checked" in result.output


def test_what_was_verified_is_told_to_programs(audited: Copy) -> None:
    """One document, for a trail that is intact and for one that was changed."""
    document = json.loads(audited.verify("--json").output)
    assert document["intact"] is True
    assert document["checked_entries"] == sum(
        it["last"] - it["first"] + 1 for it in document["chains"]
    )
    audited.execute("UPDATE audit_entries SET actor = 'mallory' WHERE sequence = 3")
    changed = audited.verify("--json")
    assert changed.exit_code == 1
    document = json.loads(changed.output)
    assert document["intact"] is False
    assert (document["chains"][-1]["sequence"], document["chains"][-1]["kind"]) == (3, "edited")


def test_a_trail_is_verified_while_the_service_runs(gate: Gate, audited: Copy) -> None:
    """The commands need no lock and take none."""
    url = gate.settings.database_url.get_secret_value()
    key = str(audited.public_key)
    assert audited.run("audit", "verify", "--public-key", key, url=url).exit_code == 0
    assert audited.run("replay", "--all", url=url).exit_code == 0
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()


def test_an_export_can_be_checked_without_us(audited: Copy) -> None:
    """Ten lines of plain Python find the same chain in the export."""
    previous = "0" * 64
    lines = audited.run("audit", "export").output.splitlines()
    for number, line in enumerate(lines, 1):
        entry = json.loads(line)
        hash_ = entry.pop("hash")
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hash_ == sha256(text.encode()).hexdigest()
        assert (entry["sequence"], entry["previous_hash"]) == (number, previous)
        previous = hash_
    assert f"last hash {previous}" in audited.verify().output


def test_a_table_has_the_same_entries(audited: Copy) -> None:
    """Each column is a field; what a spreadsheet would run is made harmless."""
    audited.execute("UPDATE audit_entries SET actor = '=1+1' WHERE sequence = 1")
    lines = [json.loads(it) for it in audited.run("audit", "export").output.splitlines()]
    table = io.StringIO(audited.run("audit", "export", "--format", "csv").output, newline="")
    rows = list(csv.DictReader(table))
    assert [*rows[0]] == list(FIELDS)
    assert rows[0]["actor"] == "'=1+1"

    def cell(value: Any) -> str:
        return canonical(value) if isinstance(value, dict) else "" if value is None else str(value)

    assert rows[1:] == [{name: cell(line[name]) for name in FIELDS} for line in lines[1:]]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_reader_that_stops_early_makes_no_noise(audited: Copy, form: str) -> None:
    """`gate audit export | head` prints no traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "gate", "audit", "export", "--format", form],
            env=os.environ
            | {"GATE_DATABASE_URL": f"sqlite:///{audited.path}", "PYTHONUNBUFFERED": "1"},
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)

    assert ended.stderr == ""


def test_an_export_is_narrowed(audited: Copy) -> None:
    """By repository, by name or number, by installation and by time."""
    every = audited.run("audit", "export").output
    named = audited.run("audit", "export", "--repository", REPOSITORY).output
    entry = json.loads(named.splitlines()[0])
    number = str(entry["repository_id"])
    assert audited.run("audit", "export", "--repository", number).output == named
    chain = str(entry["installation_id"])
    assert audited.run("audit", "export", "--installation", chain).output == every
    assert audited.run("audit", "export", "--installation", "5").output == ""
    assert audited.run("audit", "export", "--since", "2031-03-01").output == every
    assert audited.run("audit", "export", "--since", "2099-01-01T00:00:00Z").output == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "export", "--since", "yesterday"),
        ("audit", "export", "--repository", "octo-org/none"),
        ("audit", "export", "--format", "xml"),
        ("audit", "verify", "--public-key", __file__),
        ("replay",),
        ("replay", "1", "--all"),
        ("replay", "999999"),
    ],
)
def test_a_wrong_call_ends_with_status_2(audited: Copy, arguments: tuple[str, ...]) -> None:
    """What was asked makes no sense."""
    assert audited.run(*arguments).exit_code == 2


def test_a_database_that_is_not_there_is_not_made(audited: Copy, tmp_path: Path) -> None:
    """It is a problem of the configuration."""
    result = audited.run("replay", "--all", url=f"sqlite:///{tmp_path}/none.db")
    assert isinstance(result.exception, ConfigError)
    assert not (tmp_path / "none.db").exists()


def test_every_decision_is_derived_again(audited: Copy) -> None:
    """All of them agree, and so does one of them."""
    assert "0 differ, 0 by another engine" in audited.run("replay", "--all").output
    one = audited.run("replay", "1")
    assert one.exit_code == 0
    assert one.output.startswith("same: decision 1 of request 1: wait: validation_failed")


def test_the_sweeper_signs_a_chain_once_an_hour(gate: Gate, tmp_path: Path) -> None:
    """A chain that grows all the time is signed when its checkpoint is an hour old."""

    def signed() -> list[int]:
        with sqlite3.connect(Copy(gate, tmp_path).path) as connection:
            found = connection.execute("SELECT sequence FROM audit_checkpoints ORDER BY 1")
            numbers = [number for (number,) in found]
        connection.close()
        return numbers

    def grow() -> None:
        gate.github.deploy(REPOSITORY, ENVIRONMENT)
        gate.settle()
        gate.sweep()

    grow()
    assert len(signed()) == 1
    grow()
    gate.sweep()
    assert len(signed()) == 1
    gate.advance(minutes=61)
    gate.sweep()
    assert len(signed()) == 2
    gate.advance(minutes=61)


def test_the_check_of_every_history_can_fail(gate: Gate) -> None:
    """What all tests of this kind end with would notice a decision without its policy."""
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    path = gate.settings.database_url.get_secret_value().removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        (basis,) = connection.execute("SELECT basis FROM decisions").fetchone()
        connection.execute("UPDATE decisions SET basis = NULL")
        connection.commit()
        with pytest.raises(AssertionError, match="does not name its policy"):
            check_record(gate)
        connection.execute("UPDATE decisions SET basis = ?", [basis])
    connection.close()


def test_a_restored_database_is_marked(audited: Copy) -> None:
    """By hand, where no file tells that it is a backup; a time that is still to come is refused."""
    result = audited.run("audit", "mark-restored", "--backup-at", "2026-03-02T02:00:00Z")
    assert result.output == "began a new segment in 1 chain\n"
    verified = audited.verify()
    assert verified.exit_code == 0
    assert verified.output.count("segment from entry") == 2
    assert "backup_restored" in verified.output
    (entry,) = [
        it["detail"]
        for it in map(json.loads, audited.run("audit", "export").output.splitlines())
        if it["reason"] == "backup_restored"
    ]
    assert entry == {"backup_at": "2026-03-02T02:00:00.000000Z"}
    future = audited.run("audit", "mark-restored", "--backup-at", "2999-01-01T00:00:00Z")
    assert future.exit_code == 2

"""The commands with which an auditor checks the record of a running service."""

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
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from gate.cli import gate as command
from gate.domain.audit.chain import FIELDS, canonical, entry_hash
from gate.errors import ConfigError
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, check_record
from tests.support.keys import make_key_pair


class Copy:
    """A copy of the service's database, to tamper with, and the commands that look at it."""

    def __init__(self, gate: Gate, folder: Path) -> None:
        self.path = folder / "copy.db"
        source = gate.settings.database_url.get_secret_value().removeprefix("sqlite:///")
        with sqlite3.connect(source) as here, sqlite3.connect(self.path) as there:
            here.backup(there)
        here.close()
        there.close()
        self._private = gate.settings.github_private_key.get_secret_value()
        self.public_key = folder / "app.pub.pem"
        key = load_pem_private_key(self._private.encode(), password=None)
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public_key.write_bytes(pem)

    def run(self, *arguments: str, url: str | None = None, with_key: bool = False) -> Result:
        """Run a command that has this database, and no other setting unless asked."""
        env = {"GATE_DATABASE_URL": url or f"sqlite:///{self.path}"}
        if with_key:
            env["GATE_GITHUB_APP_ID"] = "1"
            env["GATE_GITHUB_PRIVATE_KEY"] = self._private
            env["GATE_GITHUB_WEBHOOK_SECRET"] = "only-for-this-test"
        return CliRunner(env=env).invoke(command, arguments)

    def verify(self) -> Result:
        """Check the trail as an auditor does, who has only the public key."""
        return self.run("audit", "verify", "--public-key", str(self.public_key))

    def execute(self, *statements: str) -> None:
        """Change the database as somebody who owns it."""
        with sqlite3.connect(self.path) as connection:
            connection.execute("DROP TRIGGER IF EXISTS audit_entries_update")
            connection.execute("DROP TRIGGER IF EXISTS audit_entries_delete")
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def hash_anew(self) -> None:
        """Write every hash of the only chain anew, as somebody does who read how it is made."""
        before = "0" * 64
        for fields in map(json.loads, self.run("audit", "export").output.splitlines()):
            fields["previous_hash"] = before
            before = entry_hash(fields)
            values = f"previous_hash = '{fields['previous_hash']}', hash = '{before}'"
            self.execute(
                f"UPDATE audit_entries SET {values} WHERE sequence = {fields['sequence']}",  # noqa: S608 - ours
                f"UPDATE audit_heads SET hash = '{before}'",  # noqa: S608 - ours
            )


@pytest.fixture
def audited(gate: Gate, tmp_path: Path) -> Copy:
    """Give the record of a service that held one deployment, approved one, and was signed."""
    gate.validate(REPOSITORY, "failure")
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.sweep()
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    return Copy(gate, tmp_path)


def test_an_untouched_trail_is_verified(audited: Copy) -> None:
    """By the public key alone, or by the service's own settings."""
    for result in (audited.verify(), audited.run("audit", "verify", with_key=True)):
        assert result.exit_code == 0, result.output
        assert "1 checkpoints, signed up to" in result.output
        assert "entries checked" in result.output


def test_a_trail_is_verified_while_the_service_runs(gate: Gate, audited: Copy) -> None:
    """The commands need no lock and take none."""
    url = gate.settings.database_url.get_secret_value()
    key = str(audited.public_key)
    assert audited.run("audit", "verify", "--public-key", key, url=url).exit_code == 0
    assert audited.run("replay", "--all", url=url).exit_code == 0
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_entries SET actor = 'mallory' WHERE sequence = 3", "entry 3: edited"),
        ("UPDATE audit_entries SET detail = 'no json' WHERE sequence = 3", "entry 3: edited"),
        ("UPDATE audit_entries SET at = 9e999 WHERE sequence = 3", "entry 3: edited"),
        ("DELETE FROM audit_entries WHERE sequence = 2", "entry 2: deleted"),
        (
            "DELETE FROM audit_entries WHERE id = (SELECT max(id) FROM audit_entries)",
            "truncated: the head says",
        ),
        ("DELETE FROM audit_entries WHERE sequence < 3", "entry 1: deleted"),
        ("UPDATE audit_checkpoints SET at = at + 1", "checkpoint not ours"),
    ],
)
def test_tampering_ends_with_status_1(audited: Copy, statement: str, said: str) -> None:
    """The first break is named with its entry and in words."""
    audited.execute(statement)
    result = audited.verify()
    assert result.exit_code == 1
    assert said in result.output


def test_hashing_anew_after_an_edit_is_found_by_the_checkpoint(audited: Copy) -> None:
    """Who owns the database but not the key cannot make an edited trail fit."""
    audited.execute("UPDATE audit_entries SET actor = 'mallory' WHERE sequence = 2")
    audited.hash_anew()
    result = audited.verify()
    assert result.exit_code == 1
    assert "not the one that was signed" in result.output
    audited.execute("DELETE FROM audit_checkpoints")
    assert "not signed yet" in audited.verify().output


def test_a_chain_that_is_gone_altogether_is_not_missed(audited: Copy) -> None:
    """Entries, head and checkpoints: what is kept elsewhere tells, and nothing here does."""
    tables = ("audit_entries", "audit_heads", "audit_checkpoints")
    audited.execute(*(f"DELETE FROM {table}" for table in tables))  # noqa: S608 - ours
    result = audited.verify()
    assert result.exit_code == 0
    assert "0 entries checked" in result.output


_SWAP = """
    UPDATE audit_entries SET sequence = CASE sequence WHEN 2 THEN -3 ELSE -2 END
    WHERE sequence IN (2, 3)
"""
_FIELDS = (
    "at, installation_id, repository_id, run_id, run_attempt, environment, kind, actor, reason"
)
_INSERT = f"""
    INSERT INTO audit_entries ({_FIELDS}, detail, sequence, previous_hash, hash)
    SELECT {_FIELDS}, detail, sequence + 1, hash, previous_hash FROM audit_entries
    WHERE sequence = (SELECT max(sequence) FROM audit_entries)
"""  # noqa: S608 - ours
_HEAD_BACK = """
    UPDATE audit_heads SET (sequence, hash) =
    (SELECT sequence, hash FROM audit_entries ORDER BY sequence DESC LIMIT 1)
"""
_COPY_CHECKPOINT = """
    INSERT INTO audit_checkpoints (installation_id, sequence, hash, at, key_fingerprint, signature)
    SELECT installation_id, 1, hash, at, key_fingerprint, signature FROM audit_checkpoints
"""
_NEWEST_SIGNED = "(SELECT max(sequence) FROM audit_checkpoints)"


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (
            (_SWAP, "UPDATE audit_entries SET sequence = -sequence WHERE sequence < 0"),
            "entry 2: reordered",
        ),
        ((_INSERT,), "edited"),
        (
            (
                f"DELETE FROM audit_entries WHERE sequence >= {_NEWEST_SIGNED}",  # noqa: S608 - ours
                _HEAD_BACK,
            ),
            "truncated: a checkpoint was signed for",
        ),
        (
            (_COPY_CHECKPOINT,),
            "entry 1: checkpoint not ours",
        ),
    ],
    ids=["reordered", "inserted", "truncated with the head", "forged checkpoint"],
)
def test_more_than_one_edit_is_found(audited: Copy, statements: tuple[str, ...], said: str) -> None:
    """Who edits what the chain says of itself as well is found all the same."""
    audited.execute(*statements)
    result = audited.verify()
    assert result.exit_code == 1
    assert said in result.output


def test_a_checkpoint_by_another_key_is_not_ours(audited: Copy, tmp_path: Path) -> None:
    """Only the keys that the auditor gives count."""
    other = tmp_path / "other.pem"
    other.write_text(make_key_pair.__wrapped__()[1], encoding="utf-8")
    result = audited.run("audit", "verify", "--public-key", str(other))
    assert result.exit_code == 1
    assert "checkpoint not ours" in result.output
    both = ["--public-key", str(other), "--public-key", str(audited.public_key)]
    assert audited.run("audit", "verify", *both).exit_code == 0


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


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE policy_texts SET text = text || '#'", "not the one that was read"),
        ("UPDATE decisions SET facts = '{}'", "decision 1: its record cannot be read"),
        ("DELETE FROM policy_texts", "is not kept"),
        (
            "UPDATE decisions SET facts = replace(CAST(facts AS TEXT), 'failure', 'success')",
            "the verdict was wait and is approve",
        ),
        (
            "UPDATE decisions SET decision = replace(CAST(decision AS TEXT), 'wait', 'approve')",
            "the verdict was approve and is wait",
        ),
        ("UPDATE decisions SET engine_version = '0'", "decided by engine 0, again by"),
        ("UPDATE decisions SET basis = NULL", "does not name its policy"),
        ("DELETE FROM audit_entries", "the trail does not know this decision"),
    ],
)
def test_a_record_that_was_changed_is_found(audited: Copy, statement: str, said: str) -> None:
    """Facts, policies and conclusions are compared with each other and with the trail."""
    audited.execute(statement)
    result = audited.run("replay", "1")
    assert result.exit_code == 1
    assert said in result.output
    assert audited.run("replay", "--all").exit_code == 1


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

"""The audit commands find each change of the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.audit.audit_copy import Copy
from tests.support.keys import make_key_pair


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

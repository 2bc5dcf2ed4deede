"""A chain of the trail: its form, which auditors rely on, and how each kind of break is named."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from gate.domain.audit.chain import FIELDS, FIRST, ChainHead, checkpoint_text, entry_hash, written
from gate.domain.audit.verify import Break, Broken, Chain, Intact
from tests.support.builders.defaults import INSTALLATION, NOW
from tests.support.chains import Trail, checkpoint_at, make_trail


def found(trail: Trail) -> tuple[int, Break]:
    """Return where a chain breaks and how."""
    broken = trail.check()
    assert isinstance(broken, Broken), broken
    return broken.sequence, broken.kind


def without(trail: Trail, *numbers: int) -> list[dict[str, Any]]:
    """Return the entries but some."""
    return [it for it in trail.entries if it["sequence"] not in numbers]


def edited(trail: Trail, number: int, **changes: Any) -> list[dict[str, Any]]:
    """Return the entries with one changed and nothing rehashed."""
    return [it | changes if it["sequence"] == number else it for it in trail.entries]


def test_an_entry_is_hashed_as_the_documentation_says() -> None:
    """Ten lines of plain Python come to the same hash: this form never changes."""
    entry = make_trail(2).entries[1]
    assert set(entry) == set(FIELDS)
    covered = {name: value for name, value in entry.items() if name != "hash"}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == entry["hash"]


def test_the_form_of_a_hashed_entry_does_not_change() -> None:
    """The hash of a fixed entry, written out, so that no release reads old chains differently."""
    text = (
        '{"actor":"mönä","at":"2026-03-02T12:00:00.000000Z","detail":{"a":[1,null,true],"b":"\\""},'
        '"environment":null,"installation_id":77,"kind":"policy.changed","previous_hash":"'
        + FIRST
        + '","reason":null,"repository_id":1001,"run_attempt":null,"run_id":null,"sequence":1}'
    )
    fields = json.loads(text)
    assert entry_hash(fields) == hashlib.sha256(text.encode()).hexdigest()


def test_an_instant_is_written_in_utc_with_microseconds() -> None:
    """Whatever its time zone and however round, an instant has one spelling."""
    there = datetime(2026, 3, 2, 14, tzinfo=timezone(timedelta(hours=2)))
    assert written(there) == written(NOW) == "2026-03-02T12:00:00.000000Z"


def test_the_text_of_a_checkpoint_does_not_change() -> None:
    """What is signed is six lines that an auditor can write by hand."""
    checkpoint = replace(checkpoint_at(make_trail(1).entries[0]), hash="ab")
    assert checkpoint_text(checkpoint).decode().splitlines() == [
        "deployment-gate audit checkpoint v1",
        "installation_id=77",
        "sequence=1",
        "hash=ab",
        "at=2026-03-02T12:00:00.000000Z",
        "key_fingerprint=SHA256:a",
    ]


def test_an_untouched_chain_is_intact() -> None:
    """It is told what was checked, and up to where a signature vouches."""
    trail = make_trail(6, signed=(2, 4))
    last = trail.entries[-1]["hash"]
    assert trail.check() == Intact(INSTALLATION, 1, 6, last, checkpoints=2, signed=4)


def test_a_chain_that_has_not_begun_is_intact() -> None:
    """An installation without an entry has nothing to check."""
    assert Trail([], Chain(INSTALLATION, None, ())).check() == Intact(
        INSTALLATION, 1, 0, FIRST, 0, 0
    )


SIX = make_trail(6)
SIGNED = make_trail(6, signed=(4,))


@pytest.mark.parametrize(
    ("trail", "place"),
    [
        (SIX.with_entries(edited(SIX, 3, actor="mallory")), (3, Break.EDITED)),
        (SIX.with_entries(edited(SIX, 3, at=17)), (3, Break.EDITED)),
        (SIX.with_entries(edited(SIX, 3, actor=b"\xff")), (3, Break.EDITED)),
        (SIX.with_entries(edited(SIX, 6, hash=FIRST)), (6, Break.EDITED)),
        (SIX.with_entries(without(SIX, 3)), (3, Break.DELETED)),
        (SIX.with_entries(without(SIX, 1)), (1, Break.DELETED)),
        (SIX.with_entries(without(SIX, 1, 2, 3)), (1, Break.DELETED)),
        (SIX.with_entries(without(SIX, 6)), (6, Break.TRUNCATED)),
        (SIX.with_entries([]), (1, Break.TRUNCATED)),
        (SIX.with_entries([*SIX.entries, SIX.entries[2]]), (3, Break.INSERTED)),
        (replace(SIX, entries=make_trail(7).entries), (7, Break.INSERTED)),
        (replace(SIX, chain=replace(SIX.chain, head=None)), (6, Break.DELETED)),
        (
            replace(SIX, chain=replace(SIX.chain, head=ChainHead(INSTALLATION, 6, FIRST))),
            (6, Break.EDITED),
        ),
        (
            SIX.with_entries(
                [it | {"sequence": {2: 5, 5: 2}.get(it["sequence"], it["sequence"])}
                 for it in SIX.entries]
            ),
            (2, Break.REORDERED),
        ),
        (
            SIX.with_entries(
                [it | {"sequence": it["sequence"] - (it["sequence"] > 3)}
                 for it in without(SIX, 3)]
            ),
            (3, Break.REORDERED),
        ),
    ],
)  # fmt: skip
def test_each_break_is_named(trail: Trail, place: tuple[int, Break]) -> None:
    """The first entry that does not fit is named, and what was done to it."""
    assert found(trail) == place


def test_a_chain_that_was_hashed_anew_is_found_at_the_next_checkpoint() -> None:
    """Whoever recomputes every hash and the head after an edit still cannot sign."""
    changed = edited(SIGNED, 3, actor="mallory")
    assert found(SIGNED.hashed_anew(changed)) == (4, Break.EDITED)
    assert isinstance(SIX.hashed_anew(edited(SIX, 3, actor="mallory")).check(), Intact)


def test_a_chain_cut_and_hashed_anew_is_found_by_its_checkpoint() -> None:
    """A head that was set back does not hide what was signed."""
    assert found(SIGNED.hashed_anew(SIGNED.entries[:3])) == (4, Break.TRUNCATED)


def test_one_entry_hashed_anew_does_not_fit_its_neighbour() -> None:
    """An entry with a good hash of its own is found by the one after it."""
    anew = SIX.entries[2] | {"actor": "mallory"}
    anew["hash"] = entry_hash(anew)
    assert found(SIX.with_entries([*without(SIX, 3), anew])) == (4, Break.EDITED)


def test_a_checkpoint_that_is_not_ours_is_a_break() -> None:
    """A signature that does not hold vouches for nothing."""
    chain = replace(SIX.chain, checkpoints=[checkpoint_at(SIX.entries[2], "forged")])
    assert found(replace(SIX, chain=chain)) == (3, Break.NOT_OURS)


def test_entries_may_be_removed_up_to_a_signed_checkpoint() -> None:
    """The rest of the chain begins at the checkpoint; one entry more or less is a break."""
    rest = replace(SIGNED, entries=without(SIGNED, 1, 2, 3, 4))
    last = SIGNED.entries[-1]["hash"]
    assert rest.check() == Intact(INSTALLATION, 5, 6, last, checkpoints=1, signed=4)
    assert found(replace(SIGNED, entries=without(SIGNED, 1, 2, 3))) == (1, Break.DELETED)
    assert found(replace(SIGNED, entries=without(SIGNED, 1, 2, 3, 4, 5))) == (1, Break.DELETED)


def test_a_whole_chain_may_be_removed_under_a_checkpoint_of_its_head() -> None:
    """Nothing is left, and the signed hash is still the head's."""
    trail = make_trail(4, signed=(4,))
    hash_ = trail.entries[-1]["hash"]
    assert replace(trail, entries=[]).check() == Intact(INSTALLATION, 5, 4, hash_, 1, 4)


TWICE = make_trail(6, signed=(2, 4))


def noted(trail: Trail) -> tuple[int, str]:
    """Return the last number and hash, as `gate audit verify` prints them, to be kept elsewhere."""
    result = trail.check()
    assert isinstance(result, Intact)
    return result.last, result.hash


def left_with(trail: Trail, *sequences: int) -> Trail:
    """Delete the checkpoints of all other entries."""
    kept = [it for it in trail.chain.checkpoints if it.sequence in sequences]
    return replace(trail, chain=replace(trail.chain, checkpoints=kept))


@pytest.mark.parametrize(
    ("checkpoints", "entries"),
    [
        ((), edited(TWICE, 1, actor="mallory")),
        ((2,), edited(TWICE, 3, actor="mallory")),
        ((2,), TWICE.entries[:2]),
        ((2, 4), edited(TWICE, 5, actor="mallory")),
        ((2, 4), TWICE.entries[:4]),
    ],
)
def test_what_somebody_without_the_key_can_hide(
    checkpoints: tuple[int, ...], entries: list[dict[str, Any]]
) -> None:
    """All that is younger than the newest checkpoint left, and whoever kept a hash finds it."""
    hidden = left_with(TWICE, *checkpoints).hashed_anew(entries)
    result = hidden.check()
    assert isinstance(result, Intact)
    assert result.signed == max(checkpoints, default=0)
    number, hash_ = noted(TWICE)
    assert (number, hash_) not in {(it["sequence"], it["hash"]) for it in hidden.entries}


def test_the_gate_signs_what_it_finds() -> None:
    """After the next hour a signature vouches for a chain that was written anew."""
    hidden = left_with(TWICE).hashed_anew(edited(TWICE, 1, actor="mallory"))
    signed = replace(hidden.chain, checkpoints=[checkpoint_at(hidden.entries[-1])])
    result = replace(hidden, chain=signed).check()
    assert isinstance(result, Intact)
    assert result.signed == 6


def test_what_is_older_than_a_checkpoint_that_is_left_cannot_be_changed() -> None:
    """Deleting the others is of no use for that."""
    assert found(left_with(TWICE, 4).hashed_anew(edited(TWICE, 1, actor="mallory"))) == (
        4,
        Break.EDITED,
    )


def test_an_entry_whose_number_is_none_was_edited() -> None:
    """A chain from outside may hold anything; the words name the entry that was expected there."""
    trail = make_trail(2)
    entries = [trail.entries[0], trail.entries[1] | {"sequence": "two"}]

    broken = replace(trail, entries=entries).check()

    assert isinstance(broken, Broken)
    assert (broken.sequence, broken.kind) == (2, Break.EDITED)
    assert str(broken).startswith(f"installation {INSTALLATION}, entry 2: edited: ")

"""Chains of the trail, as a database would give them, and ways to tamper with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from gate.domain.audit.chain import FIRST, AuditEntry, ChainHead, Checkpoint, chained, entry_hash
from gate.domain.audit.verify import Broken, Chain, Intact, check_chain
from gate.domain.model.ids import RunId
from tests.support.builders.defaults import ENVIRONMENT, INSTALLATION, NOW, REPOSITORY

GOOD: Final = "signed by us"


def make_entry(**changes: Any) -> AuditEntry:
    """Make what is recorded when a decision was made."""
    values: dict[str, Any] = {
        "at": NOW,
        "installation_id": INSTALLATION,
        "repository_id": REPOSITORY,
        "run_id": RunId(601),
        "run_attempt": 1,
        "environment": ENVIRONMENT,
        "kind": "decision.made",
        "actor": "gate",
    }
    return AuditEntry(**values | changes)


@dataclass(frozen=True)
class Trail:
    """A chain as it is found: entries in the order of their numbers, and what is said of them."""

    entries: list[dict[str, Any]]
    chain: Chain

    def check(self) -> Intact | Broken:
        """Check it; a checkpoint is good when its signature says so."""
        return check_chain(self.chain, self.entries, lambda it: None if is_good(it) else "forged")

    def with_entries(self, entries: list[dict[str, Any]]) -> Trail:
        """Put other entries in their place, read in the order of their numbers."""
        return replace(self, entries=sorted(entries, key=lambda it: int(it["sequence"])))

    def hashed_anew(self, entries: list[dict[str, Any]]) -> Trail:
        """Do all that an attacker without the key can: numbers, links, hashes and head anew."""
        before, anew = FIRST, []
        for number, entry in enumerate(entries, 1):
            fields = {**entry, "sequence": number, "previous_hash": before}
            before = entry_hash(fields)
            anew.append({**fields, "hash": before})
        head = ChainHead(INSTALLATION, len(anew), before)
        return Trail(anew, replace(self.chain, head=head))


def is_good(checkpoint: Checkpoint) -> bool:
    """Return whether a checkpoint of these tests was signed by us."""
    return checkpoint.signature == GOOD


def checkpoint_at(entry: dict[str, Any], signature: str = GOOD) -> Checkpoint:
    """Sign an entry."""
    return Checkpoint(INSTALLATION, entry["sequence"], entry["hash"], NOW, "SHA256:a", signature)


def make_trail(length: int = 6, *, signed: tuple[int, ...] = ()) -> Trail:
    """Make an untouched chain whose entries differ, with checkpoints at some of them."""
    head = ChainHead(INSTALLATION, 0, FIRST)
    entries: list[dict[str, Any]] = []
    for number in range(length):
        fields = chained(make_entry(run_id=RunId(600 + number)), {"n": number}, head)
        entries.append(fields)
        head = ChainHead(INSTALLATION, number + 1, str(fields["hash"]))
    checkpoints = [checkpoint_at(entries[number - 1]) for number in signed]
    return Trail(entries, Chain(INSTALLATION, head, checkpoints))

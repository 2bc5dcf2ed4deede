"""Check a chain of the trail, and say in words where it first breaks.

Pure: the entries are handed in one after the other, so a chain of any length is checked in little
memory. The order of the checks decides the words, not whether a break is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gate.domain.audit.chain import FIRST, ChainHead, Checkpoint, Fields, entry_hash
from gate.domain.audit.segments import Segment, find_segment
from gate.domain.model.ids import InstallationId

Trusts = Callable[[Checkpoint], str | None]
"""Return what is wrong with a checkpoint's signature; None when it is good."""


class Break(StrEnum):
    """What was done to a chain, as far as its remains tell."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    NOT_OURS = "checkpoint not ours"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first break of a chain: at which number, what kind, and how it shows."""

    installation_id: InstallationId
    sequence: int
    kind: Break
    shows: str

    def __str__(self) -> str:
        """Spell the break on one line, the entry first."""
        entry = f"installation {self.installation_id}, entry {self.sequence}"
        return f"{entry}: {self.kind}: {self.shows}"


@dataclass(frozen=True, slots=True)
class Intact:
    """A chain without a break: which entries were checked, and up to which one a signature vouches.

    `first` is above 1 when the entries before were removed up to a signed checkpoint. `segments`
    are those that begin among the entries.
    """

    installation_id: InstallationId
    first: int
    last: int
    hash: str
    checkpoints: int
    signed: int
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """What is said of an installation's chain beside its entries."""

    installation_id: InstallationId
    head: ChainHead | None
    checkpoints: Sequence[Checkpoint]


class _Found(Exception):
    """The first break, on its way out."""

    def __init__(self, sequence: int, kind: Break, shows: str) -> None:
        self.sequence = sequence
        self.kind = kind
        self.shows = shows
        super().__init__(shows)


def check_chain(chain: Chain, entries: Iterable[Fields], trusts: Trusts) -> Intact | Broken:
    """Check signatures, hashes, links, numbers and the head of one chain, and stop at a break.

    `entries` are all that are left of the chain, in the order of their numbers.
    """
    try:
        return _check(chain, entries, trusts)
    except _Found as found:
        return Broken(chain.installation_id, found.sequence, found.kind, found.shows)


def _check(chain: Chain, entries: Iterable[Fields], trusts: Trusts) -> Intact:
    signed = {it.sequence: it for it in chain.checkpoints}
    for checkpoint in chain.checkpoints:
        if (problem := trusts(checkpoint)) is not None:
            raise _Found(checkpoint.sequence, Break.NOT_OURS, problem)
    first, number, previous = 1, 0, FIRST
    segments = []
    for fields in entries:
        if number == 0:
            first, previous = _beginning(fields, signed)
            number = first - 1
        previous = _follow(fields, number, previous, chain)
        number += 1
        if (segment := find_segment(fields)) is not None:
            segments.append(segment)
        if number in signed and signed[number].hash != previous:
            shows = "its hash is not the one that was signed: it, or one before it, was changed"
            raise _Found(number, Break.EDITED, f"{shows}, and all after it rehashed")
    if number == 0 and chain.head is not None and chain.head.sequence in signed:
        number, previous = chain.head.sequence, signed[chain.head.sequence].hash
        first = number + 1
    _check_end(chain, number, previous)
    return Intact(
        chain.installation_id,
        first,
        number,
        previous,
        checkpoints=len(signed),
        signed=max(signed, default=0),
        segments=tuple(segments),
    )


def _beginning(fields: Fields, signed: dict[int, Checkpoint]) -> tuple[int, str]:
    """Return the number a chain begins with, and the hash before it.

    Entries may be missing at the beginning only up to a signed checkpoint.
    """
    number = fields["sequence"]
    if not isinstance(number, int) or number <= 1:
        return 1, FIRST
    before = signed.get(number - 1)
    if before is None:
        shows = f"entries 1 to {number - 1} are missing, and no signed checkpoint ends there"
        raise _Found(1, Break.DELETED, shows)
    return number, before.hash


def _follow(fields: Fields, last: int, previous: str, chain: Chain) -> str:
    """Check that an entry is the one after `last`, and give its hash."""
    number, wanted = fields["sequence"], last + 1
    if not isinstance(number, int):
        raise _Found(wanted, Break.EDITED, "its number is none")
    if number < wanted:
        raise _Found(number, Break.INSERTED, "there is more than one entry of this number")
    own = _own_hash(fields)
    if number > wanted:
        missing = f"{wanted} to {number - 1}" if number - 1 > wanted else f"{wanted}"
        raise _Found(wanted, Break.DELETED, f"missing: {missing}; the next one is {number}")
    if own is not None and own == fields["hash"]:
        if fields["previous_hash"] == previous:
            return own
        shows = f"it does not follow entry {last}: one of the two is not the entry that was written"
        raise _Found(number, Break.EDITED, f"{shows}, but was rehashed")
    moved = _written_as(fields, chain)
    if moved is not None:
        shows = f"it was written as number {moved}; others were moved, taken out or put in"
        raise _Found(number, Break.REORDERED, shows)
    raise _Found(number, Break.EDITED, "its fields do not give its hash")


def _own_hash(fields: Fields) -> str | None:
    """Hash an entry as it stands; None for values that no entry was ever written with."""
    try:
        return entry_hash(fields)
    except (TypeError, ValueError):
        return None


def _written_as(fields: Fields, chain: Chain) -> int | None:
    """Find the number under which the entry's hash would be right; only looked for at a break."""
    last = chain.head.sequence if chain.head is not None else 0
    for number in range(1, last + 2):
        if _own_hash({**fields, "sequence": number}) == fields["hash"]:
            return number
    return None


def _check_end(chain: Chain, last: int, previous: str) -> None:
    """Compare the last entry with the head, and with the newest checkpoint."""
    head = chain.head
    newest = max((it.sequence for it in chain.checkpoints), default=0)
    if newest > last:
        shows = f"a checkpoint was signed for {newest}, and the last entry is {last}"
        raise _Found(last + 1, Break.TRUNCATED, shows)
    if head is None:
        if last == 0:
            return
        raise _Found(last, Break.DELETED, "the chain's head is missing")
    if head.sequence > last:
        shows = f"the head says {head.sequence}, and the last entry is {last}"
        raise _Found(last + 1, Break.TRUNCATED, shows)
    if head.sequence < last:
        shows = f"the head says {head.sequence}, and the last entry is {last}"
        raise _Found(head.sequence + 1, Break.INSERTED, shows)
    if head.hash != previous:
        shows = "its hash is not the one the head has: it was changed and rehashed"
        raise _Found(last, Break.EDITED, shows)

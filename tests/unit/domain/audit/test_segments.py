"""Segments say where a trail cannot rest on what was before."""

from gate.domain.audit.chain import ChainHead, chained
from gate.domain.audit.segments import Origin, begin_segment
from gate.domain.audit.verify import Intact, check_chain
from tests.support.builders.defaults import INSTALLATION, NOW
from tests.support.chains import make_trail


def test_a_check_names_the_segments_of_a_chain() -> None:
    """Each with its number, its time and its reason."""
    trail = make_trail(2)
    head = trail.chain.head
    assert head is not None
    entry = begin_segment(INSTALLATION, NOW, Origin.BACKUP_RESTORED, {"backup_at": "then"})
    fields = chained(entry, dict(entry.detail), head)
    chain = type(trail.chain)(INSTALLATION, ChainHead(INSTALLATION, 3, str(fields["hash"])), [])
    result = check_chain(chain, [*trail.entries, fields], lambda _: None)
    assert isinstance(result, Intact)
    assert [str(it) for it in result.segments] == [
        "segment from entry 3, begun 2026-03-02T12:00:00.000000Z: backup_restored"
    ]


def test_a_chain_without_marks_has_no_segments() -> None:
    """As an older release has written it."""
    result = make_trail(3).check()
    assert isinstance(result, Intact)
    assert result.segments == ()

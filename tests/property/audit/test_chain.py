"""Whatever single thing is done to a chain, it is found."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gate.domain.audit.chain import FIELDS
from gate.domain.audit.verify import Broken, Intact
from tests.support.chains import Trail, make_trail

chains = st.integers(1, 8).map(make_trail)
values = st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.integers())


def broken(trail: Trail) -> Broken:
    """Return the break, which there must be."""
    result = trail.check()
    assert isinstance(result, Broken)
    return result


@given(length=st.integers(0, 8), data=st.data())
def test_an_untouched_chain_is_intact(length: int, data: st.DataObject) -> None:
    """Nothing is found where nothing was done, wherever it was signed."""
    numbers = st.sets(st.integers(1, length)) if length else st.just(set())
    trail = make_trail(length, signed=tuple(sorted(data.draw(numbers))))
    assert isinstance(trail.check(), Intact)


@given(trail=chains, data=st.data())
def test_any_edit_is_found_at_its_entry(trail: Trail, data: st.DataObject) -> None:
    """Another value in any field but the number breaks the chain at that very entry."""
    at = data.draw(st.integers(0, len(trail.entries) - 1))
    name = data.draw(st.sampled_from([it for it in FIELDS if it != "sequence"]))
    old = trail.entries[at][name]
    value = data.draw(values.filter(lambda it: (it, type(it)) != (old, type(old))))
    entries = [dict(it) for it in trail.entries]
    entries[at][name] = value
    assert broken(trail.with_entries(entries)).sequence == at + 1


@given(trail=chains, data=st.data())
def test_any_deletion_is_found_at_its_number(trail: Trail, data: st.DataObject) -> None:
    """An entry that is gone is missed, the last one by the head."""
    at = data.draw(st.integers(0, len(trail.entries) - 1))
    rest = trail.entries[:at] + trail.entries[at + 1 :]
    assert broken(trail.with_entries(rest)).sequence == at + 1


@given(trail=chains, data=st.data())
def test_any_insertion_is_found(trail: Trail, data: st.DataObject) -> None:
    """An entry put in breaks the chain where it stands, whether the others make room or not."""
    at = data.draw(st.integers(0, len(trail.entries)))
    new: dict[str, Any] = {**data.draw(st.sampled_from(trail.entries)), "sequence": at + 1}
    new["actor"] = data.draw(st.sampled_from(["mallory", new["actor"]]))
    room = data.draw(st.booleans())
    others = [
        it | {"sequence": it["sequence"] + (room and it["sequence"] > at)} for it in trail.entries
    ]
    assert broken(trail.with_entries([*others, new])).sequence in {at + 1, at + 2}


@given(trail=st.integers(2, 8).map(make_trail), data=st.data())
def test_any_swap_is_found_at_the_first_of_the_two(trail: Trail, data: st.DataObject) -> None:
    """Two entries that changed places are both out of order."""
    pair = st.lists(
        st.integers(0, len(trail.entries) - 1), min_size=2, max_size=2, unique=True
    ).map(sorted)
    one, two = data.draw(pair)
    entries = [dict(it) for it in trail.entries]
    entries[one]["sequence"], entries[two]["sequence"] = two + 1, one + 1
    assert broken(trail.with_entries(entries)).sequence == one + 1

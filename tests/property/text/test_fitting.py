"""What is left out of a comment goes whole, and in the order of its rank."""

from hypothesis import given
from hypothesis import strategies as st

from gate.domain.text.fitting import Paragraph, Part, Rank, leave_out, render

PARTS = st.builds(Part, st.text("ab [](\\", min_size=1, max_size=30), st.sampled_from(Rank))
PARAGRAPHS = st.lists(
    st.builds(Paragraph, st.lists(PARTS, max_size=4).map(tuple), st.sampled_from(["\n", " · "])),
    max_size=5,
)


@given(PARAGRAPHS, st.integers(0, 300), st.sampled_from(Rank))
def test_the_lowest_ranks_stay(paragraphs: list[Paragraph], limit: int, least: Rank) -> None:
    """Nothing that stays ranks above anything that went, and nothing went without need."""
    kept = leave_out(paragraphs, limit, least)
    went: list[Rank] = []
    for before, after in zip(paragraphs, kept, strict=True):
        rest = list(after.parts)
        for part in before.parts:
            if rest and rest[0] is part:
                rest.pop(0)
            else:
                went.append(part.rank)
        assert rest == []
    stayed = [part.rank for it in kept for part in it.parts if part.rank >= least]
    assert all(rank >= least for rank in went)
    assert not went or not stayed or max(stayed) <= min(went)
    assert (len(render(kept)) <= limit) or not stayed
    assert kept == paragraphs if len(render(paragraphs)) <= limit else went or not stayed

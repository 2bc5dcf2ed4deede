"""Whatever is quoted, a comment keeps its size and its shape."""

import re
from dataclasses import replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.comments.commands import parse_command
from gate.domain.model.facts import Behind
from gate.domain.model.overrides import OverrideAsk, OverrideRoutes
from gate.domain.requests.decision import Decision, Verdict
from gate.domain.requests.explanation.explain import COMMENT_LIMIT, explain
from gate.domain.requests.explanation.remedies import Guide, IssueLink
from gate.domain.text.escaping import neutralize
from gate.domain.text.fold import fold
from tests.property.strategies.decisions import HOSTILE
from tests.property.strategies.reports import reported_decisions
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_request
from tests.support.markdown import acting, check_commands, invisible, kinds, shown

often = settings(max_examples=200)


def check_harmless(line: str) -> None:
    """Check that nothing in a line of foreign text can act."""
    assert acting(line) == invisible(line) == []
    assert kinds(line) == set()
    assert parse_command(line) is None


@often
@given(text=HOSTILE)
def test_foreign_text_cannot_act(text: str) -> None:
    """No text can notify, link, command, format or hide, and all that is visible is shown."""
    safe = neutralize(text)
    check_harmless(safe)
    assert fold(shown(safe)) == fold(text)


@often
@given(text=HOSTILE, limit=st.integers(8, 80))
def test_cut_text_cannot_act(text: str, limit: int) -> None:
    """Nor where it is cut."""
    safe = neutralize(text, limit)
    assert len(safe) <= limit
    check_harmless(safe)


def check_context(line: str) -> None:
    """Check that beside the runs there are only links of ours, and words that cannot act."""
    for part in line.split(" · "):
        if re.match(r"\[?(Validation|infrastructure) run ", part):
            continue
        if part.startswith("[artifact "):
            assert re.fullmatch(
                r"\[artifact \d( at [a-z0-9.:-]+)?\]\(https://[^\s()\[\]<>@\\]+\)", part
            )
        else:
            check_harmless(part.removeprefix("Terraform deployment "))


def check_details(paragraph: str) -> None:
    """Check that each quoted line is harmless, and that what is left out is counted last."""
    lines = paragraph.splitlines()
    assert all(line.startswith("> ") for line in lines)
    foreign = lines[:-1] if re.fullmatch(r"> … and \d+( more)?( flows?)?", lines[-1]) else lines
    for line in foreign:
        check_harmless(line.removeprefix("> "))


def check_actions(paragraph: str) -> None:
    """Check that a list of what to do is a list, each bullet whole, its commands readable."""
    heading, *bullets = paragraph.splitlines()
    assert heading == "**What you can do**"
    assert bullets
    for bullet in bullets:
        assert re.match(r"- \*\*[A-Z][a-z ]+[.:]?\*\*(.*\.)?$", bullet)
        own = re.sub(r"\bissue #\d+", "", bullet)
        assert acting(own) == invisible(own) == []
    check_commands(paragraph)


SHORT: Final = st.text(max_size=12)
ASKS: Final = st.none() | st.builds(
    OverrideAsk, HOSTILE, st.integers(1, 3), st.integers(1, 400), HOSTILE | SHORT
)
ISSUES: Final = st.none() | st.builds(
    IssueLink,
    st.integers(1, 99_999),
    st.sampled_from(
        [
            "https://github.com/acme/shop/issues/12",
            "https://ghe.example/" + "a" * 100 + "/shop/issues/12",
            "https://github.com/" + "a" * 2000,
            "https://github.com/acme/shop/issues/12) [x](https://evil.example",
        ]
    ),
)
GUIDES: Final = st.builds(
    Guide, st.builds(OverrideRoutes, st.booleans(), st.booleans(), st.booleans()), ISSUES
)


@st.composite
def comments(draw: st.DrawFn) -> tuple[Decision, str]:
    """Draw a decision with its comment, with anything said by anybody, the policy included."""
    decision = draw(reported_decisions())
    if decision.verdict is Verdict.WAIT:
        behind = Behind(draw(st.integers(0, 3)), draw(st.integers(0, 3)))
        needed = draw(st.integers(0, 2))
        decision = replace(decision, ask=draw(ASKS), behind=behind, needed=needed)
    return decision, explain(decision, make_request(), NOW, draw(GUIDES))


@often
@given(drawn=comments())
def test_a_comment_keeps_its_shape(drawn: tuple[Decision, str]) -> None:
    """A comment fits, and has its parts in their order, each of them whole."""
    decision, comment = drawn
    assert len(comment) <= COMMENT_LIMIT
    headline, *paragraphs = comment.split("\n\n")
    assert re.match(r"\*\*(Approved|Rejected|On hold)\b", headline)
    assert len(headline.splitlines()) == 1
    if decision.verdict is not Verdict.APPROVE:
        ending = paragraphs.pop()
        assert ending.endswith(("(in 23 h).", "re-run the deployment's jobs."))
    if paragraphs and paragraphs[-1].startswith("**What you can do**"):
        check_actions(paragraphs.pop())
    if paragraphs and paragraphs[-1].startswith(">"):
        check_details(paragraphs.pop())
    if paragraphs:
        check_context(paragraphs.pop())
    assert paragraphs == []


@often
@given(drawn=comments())
def test_what_matters_most_is_never_left_out(drawn: tuple[Decision, str]) -> None:
    """With links of an ordinary length: the run, what helps first, how to override, who waits."""
    decision, comment = drawn
    if decision.evidence is not None and decision.evidence.run is not None:
        assert "\n\n[Validation run " in comment
    if decision.verdict is Verdict.WAIT:
        assert not decision.ask or "- **Override " in comment or "- **No override:** " in comment
        assert not decision.behind.total or "Behind this hold: " in comment

"""Whatever is quoted, a comment keeps its size and its shape."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.comments.commands import parse_command
from gate.domain.overrides.rationale import fold
from gate.domain.requests.decide import Decision, Verdict
from gate.domain.requests.explain import COMMENT_LIMIT, explain
from gate.domain.text.escaping import neutralise
from tests.property.strategies.cases import HOSTILE
from tests.property.strategies.reports import reported_decisions
from tests.support.builders import NOW, make_request
from tests.support.markdown import acting, invisible, kinds, shown

often = settings(max_examples=400)


def check_harmless(line: str) -> None:
    """Check that nothing in a line of foreign text can act."""
    assert acting(line) == invisible(line) == []
    assert kinds(line) == set()
    assert parse_command(line) is None


@often
@given(text=HOSTILE)
def test_foreign_text_cannot_act(text: str) -> None:
    """No text can notify, link, command, format or hide, and all that is visible is shown."""
    safe = neutralise(text)
    check_harmless(safe)
    assert fold(shown(safe)) == fold(text)


@often
@given(text=HOSTILE, limit=st.integers(8, 80))
def test_cut_text_cannot_act(text: str, limit: int) -> None:
    """Nor where it is cut."""
    safe = neutralise(text, limit)
    assert len(safe) <= limit
    check_harmless(safe)


def check_context(line: str) -> None:
    """Check that beside the runs there are only links of ours, and words that cannot act."""
    for part in line.split(" · "):
        if re.match(r"\[(validation|infrastructure) run ", part):
            continue
        if part.startswith("[artifact "):
            assert re.fullmatch(
                r"\[artifact \d( at [a-z0-9.:-]+)?\]\(https://[^\s()\[\]<>@\\]+\)", part
            )
        else:
            check_harmless(part.removeprefix("Terraform deployment "))


@often
@given(decision=reported_decisions())
def test_a_comment_keeps_its_shape(decision: Decision) -> None:
    """A comment fits, begins with the verdict, and quotes foreign text on lines of its own."""
    comment = explain(decision, make_request(), NOW)
    assert len(comment) <= COMMENT_LIMIT
    assert comment.startswith("**")
    paragraphs = comment.split("\n\n")
    if decision.evidence is not None and decision.evidence.run is not None:
        check_context(paragraphs[1])
    quoted = [line for line in comment.splitlines() if line.startswith(">")]
    for line in quoted:
        if not re.fullmatch(r"> … and \d+ more", line):
            check_harmless(line.removeprefix("> "))
    assert len(paragraphs) <= 4
    assert len(comment.splitlines()) == len(quoted) + 2 * len(paragraphs) - 1 - bool(quoted)


@given(decision=reported_decisions())
def test_a_comment_is_never_cut(decision: Decision) -> None:
    """With links of an ordinary length nothing but the details is shortened."""
    whole = explain(decision, make_request(), NOW)
    assert len(whole) < COMMENT_LIMIT
    if decision.verdict is not Verdict.APPROVE:
        assert whole.endswith(("(in 23 h).", "re-run the deployment's jobs."))

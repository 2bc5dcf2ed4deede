"""What the gate answers to commands: the list of them, and who and what it is about."""

from __future__ import annotations

from gate.domain.comments.replies import (
    render_acknowledged_before,
    render_help,
    render_problem,
    render_refusal,
    render_unknown,
)
from tests.support.markdown import acting, check_commands, code_spans


def test_help_lists_what_works_where_it_is_asked() -> None:
    """An incident's issue has the commands of an incident; elsewhere nobody is told of them."""
    here, elsewhere = render_help(on_incident=True), render_help()

    assert "/ack" in code_spans(here)
    assert any(span.startswith("/override") for span in code_spans(here))
    assert any(span.startswith("/override") for span in code_spans(elsewhere))
    assert "/ack" not in elsewhere
    for text in (here, elsewhere):
        check_commands(text)


def test_an_unknown_command_is_answered_with_those_there_are() -> None:
    """Whoever mistyped one can copy the right one."""
    assert set(code_spans(render_help(on_incident=True))) == set(code_spans(render_unknown()))


def test_replies_name_people_and_texts_without_calling_or_linking_them() -> None:
    """A login, a detail and a usage come from outside."""
    texts = [
        render_refusal("@everyone is not a reviewer of https://evil.example"),
        render_acknowledged_before("@carol"),
        render_problem("#1 is not a run", "/override <run> <why>"),
        render_problem("@bob wrote nothing"),
    ]

    assert [acting(text) for text in texts] == [[]] * len(texts)
    assert "carol" in texts[1]
    assert "/override <run> <why>" in code_spans(texts[2])

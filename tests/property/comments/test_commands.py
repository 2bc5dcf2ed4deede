"""Whatever is typed, reading it ends well, and an override names the run that was typed."""

import re
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.comments.commands import (
    LONGEST_SILENCE,
    LONGEST_WHY,
    Command,
    CommandProblem,
    DecideCommand,
    OverrideCommand,
    ResolveCommand,
    SilenceCommand,
    UnknownCommand,
    parse_command,
    parse_override_title,
)
from gate.domain.comments.run_reference import RunReference
from tests.property.strategies.decisions import HOSTILE

_PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                "/override",
                "/help",
                "/ack",
                "/decide ",
                "/resolve ",
                "/silence ",
                "rollback ",
                "4h ",
                "99999d ",
                "/",
                " ",
                "\n",
                "\r\n",
                "\t",
                "> ",
                "601",
                "0",
                "9" * 30,
                "```",
            ),
            *(
                "https://github.com/a/b/actions/runs/7",
                "/attempts/2",
                "Override of run ",
                "\u00a0",
                "“",
                "”",
            ),
        ]
    ),
    HOSTILE,
)
TEXTS = st.lists(_PIECES, max_size=8).map("".join)
often = settings(max_examples=1000)
_UNSEEN = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")


@often
@given(text=TEXTS)
def test_any_comment(text: str) -> None:
    """Any comment is read; an override was typed as one, with its run as the first word."""
    command = parse_command(text)
    assert isinstance(command, Command | UnknownCommand | CommandProblem | None)
    if isinstance(command, OverrideCommand):
        word, named = _UNSEEN.sub("", text).split(maxsplit=2)[:2]
        assert word.lower() == "/override"
        assert str(command.run.run_id) in named
        assert command.rationale in text.replace("\r\n", "\n")
    if isinstance(command, DecideCommand | ResolveCommand | SilenceCommand):
        assert 0 < len(command.why) <= LONGEST_WHY
        assert command.why in text.replace("\r\n", "\n")
    if isinstance(command, SilenceCommand):
        assert timedelta(0) < command.span <= LONGEST_SILENCE


@often
@given(text=TEXTS)
def test_any_title(text: str) -> None:
    """Any title is read; one that names a run names nothing else."""
    run = parse_override_title(text)
    assert isinstance(run, RunReference | CommandProblem | None)
    if isinstance(run, RunReference):
        words = _UNSEEN.sub("", text).split()
        assert len(words) == 4
        assert str(run.run_id) in words[3]


@given(text=TEXTS, prefix=st.sampled_from(["> ", "    ", "\t", "```\n", "- ", "said: "]))
def test_what_is_quoted_asks_nothing(text: str, prefix: str) -> None:
    """Behind a quote, an indent or other words a command is none."""
    assert parse_command(prefix + "/override 601 " + text) is None
    assert parse_command(prefix + "/resolve " + text) is None

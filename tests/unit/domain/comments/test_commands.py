"""What people ask of the gate in comments, and what an override run's title names."""

from datetime import timedelta

import pytest

from gate.domain.comments.commands import (
    AcknowledgeCommand,
    Command,
    CommandProblem,
    DecideCommand,
    HelpCommand,
    OverrideCommand,
    ResolveCommand,
    SilenceCommand,
    UnknownCommand,
    parse_command,
    parse_override_title,
)
from gate.domain.comments.run_reference import RunReference, parse_run_reference
from gate.domain.model.course import Course
from gate.domain.model.ids import RunId

URL = "https://github.com/acme/shop/actions/runs/601"
RUN = RunReference(RunId(601))
AT_GITHUB = RunReference(RunId(601), None, "github.com", "acme/shop")


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("/override 601 because", OverrideCommand(RUN, "because")),
        (f"/override {URL} because", OverrideCommand(AT_GITHUB, "because")),
        ("/OVERRIDE 601 because", OverrideCommand(RUN, "because")),
        ("\n \n\t\n/override 601 because", OverrideCommand(RUN, "because")),
        ("   /override   601\t because  of  it ", OverrideCommand(RUN, "because  of  it")),
        (
            "/override 601 one\r\n\r\ntwo\r\n> said\n/help\n",
            OverrideCommand(RUN, "one\n\ntwo\n> said\n/help"),
        ),
        ("/override 601\nI accept the risk", OverrideCommand(RUN, "I accept the risk")),
        ("/override 601", OverrideCommand(RUN, "")),
        ("/override 601\n\n", OverrideCommand(RUN, "")),
        ("/help", HelpCommand()),
        ("/ack", AcknowledgeCommand()),
        ("/ACK on it", AcknowledgeCommand()),
        ("/decide rollback it leaks", DecideCommand(Course.ROLLBACK, "it leaks")),
        ("/decide Fix-Forward\nsmall fix", DecideCommand(Course.FIX_FORWARD, "small fix")),
        ("/decide accept-risk only tests", DecideCommand(Course.ACCEPT_RISK, "only tests")),
        ("/resolve flaky\n\ndevice", ResolveCommand("flaky\n\ndevice")),
        ("/resolve\nfalse alarm", ResolveCommand("false alarm")),
        ("/silence 30m we know", SilenceCommand(timedelta(minutes=30), "we know")),
        ("/silence 4H we know", SilenceCommand(timedelta(hours=4), "we know")),
        ("/silence 7d we know", SilenceCommand(timedelta(days=7), "we know")),
        ("/help me\nplease", HelpCommand()),
    ],
)
def test_commands(body: str, command: Command) -> None:
    """A command begins the first line that is not blank; its words may go on below."""
    assert parse_command(body) == command


@pytest.mark.parametrize("unseen", list("\u00ad\u200b\u200c\u200d\u2060\ufeff"))
@pytest.mark.parametrize("blank", list(" \t\u00a0\u202f"))
def test_what_is_unseen_is_passed_over(unseen: str, blank: str) -> None:
    """Pages and chats put it into what people copy; the words of a reason are kept as they are."""
    decided = DecideCommand(Course.FIX_FORWARD, f"it{unseen} leaks")
    for body in (
        f"/{unseen}decide fix-forward it{unseen} leaks",
        f"{unseen}\n{unseen} {unseen}/decide{blank}fix-{unseen}forward{blank}it{unseen} leaks",
        f"/deci{unseen}de{unseen}{blank}{unseen}fix-forward{unseen} it{unseen} leaks",
        f"/decide {unseen}{blank}{unseen} fix-forward it{unseen} leaks",
    ):
        assert parse_command(body) == decided
    assert parse_command(f"{blank}/help".lstrip("\t")) == HelpCommand()
    assert parse_override_title(f"Override of{unseen} run{blank}6{unseen}01{unseen}") == RUN


@pytest.mark.parametrize("quotes", ["“”", "„“", "‘’", "«»", "‹›", '""', "''", "``"])  # noqa: RUF001
def test_quotes_around_an_argument(quotes: str) -> None:
    """Keyboards make them typographic, and people quote what they copy."""
    first, last = quotes[0], quotes[1]
    command = parse_command(f"/override {first}601{last} because {first}so{last}")
    assert command == OverrideCommand(RUN, f"because {first}so{last}")
    assert parse_command(f"/override {first}{URL}{last} why") == OverrideCommand(AT_GITHUB, "why")
    decided = parse_command(f"/decide {first}rollback{last} it leaks")
    assert decided == DecideCommand(Course.ROLLBACK, "it leaks")
    span = parse_command(f"/silence {first}4h{last} we know")
    assert span == SilenceCommand(timedelta(hours=4), "we know")
    assert parse_override_title(f"Override of run {first}601{last}") == RUN


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \n\t\n",
        "override 601 because",
        "please /override 601 because",
        "Thanks!\n/override 601 because",
        "> /override 601 because",
        "> said\n\n/override 601 because",
        "    /override 601 because",
        "\t/override 601 because",
        "```\n/override 601 because\n```",
        "`/override 601 because`",
        "- /override 601 because",
        "/ override 601",
        "/",
        "/\u200b",
        "\u00a0\u00a0\u00a0\u00a0/override 601 because",
        "> \u200b/override 601 because",
        "\u200b> /override 601 because",
        "/usr/bin/env",
        "/" + "override" * 1000,
        "<!-- /override 601 because -->",
    ],
)
def test_no_command(body: str) -> None:
    """Talk, quotes, code, and the commands of others are not for us."""
    assert parse_command(body) is None


@pytest.mark.parametrize("body", ["/assign @mona", "/LGTM", "/retest-all", "/ask why"])
def test_unknown_commands(body: str) -> None:
    """A word after a slash may be somebody else's command."""
    assert parse_command(body) == UnknownCommand()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("/override", "name the run to release"),
        ("/override \n601 because", "name the run to release"),
        ("/override\n601 because", "name the run to release"),
        ("/override because I say so", "a run URL or a run id"),
        ("/override 0 because", "a run URL or a run id"),
        ("/override 9223372036854775808 because", "a run URL or a run id"),
        ("/override https://github.com/acme/shop/pull/601 why", "a run URL or a run id"),
        ("/overrid 601 because", "unknown command /overrid; did you mean /override?"),
        ("/override: 601 because", "unknown command /override:;"),
        ("/override/601 because", "unknown command /override/601;"),
        ("//override 601", "unknown command //override;"),
        ("/helpp", "unknown command /helpp; did you mean /help?"),
        ("/resolved it", "unknown command /resolved; did you mean /resolve?"),
        ("/decide", "name your decision"),
        ("/decide\nrollback because", "name your decision"),
        ("/decide later because", "name your decision"),
        ("/decide rollback", "give a reason"),
        ("/decide rollback \n ", "give a reason"),
        ("/decide rollback \u200b", "give a reason"),
        ("/resolve", "give a reason"),
        ("/resolve " + "x" * 2001, "longer than 2000 characters"),
        ("/silence", "give a duration"),
        ("/silence because", "give a duration"),
        ("/silence 0m because", "give a duration"),
        ("/silence 30s because", "give a duration"),
        ("/silence 1.5h because", "give a duration"),
        ("/silence 30 m because", "give a duration"),
        ("/silence 8d because", "8d is too long; the maximum is 7d"),
        ("/silence 10081m because", "10081m is too long"),
        ("/silence 99999d because", "99999d is too long"),
        ("/silence 4h", "give a reason"),
    ],
)
def test_problems(body: str, told: str) -> None:
    """What was meant for us and cannot be done is answered."""
    problem = parse_command(body)
    assert isinstance(problem, CommandProblem)
    assert told in problem.detail


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        ("/override", "/override <run URL or id> <rationale>"),
        ("/decide", "/decide <rollback, fix-forward, accept-risk> <why>"),
        ("/decide “Rollback”", "/decide rollback <why>"),
        ("/resolve", "/resolve <why>"),
        ("/silence", "/silence <30m, 4h, 2d> <why>"),
        ("/silence 4h", "/silence 4h <why>"),
        ("/override x", None),
    ],
)
def test_usages(body: str, usage: str | None) -> None:
    """What lacks a word is told how it is written."""
    problem = parse_command(body)
    assert isinstance(problem, CommandProblem)
    assert problem.usage == usage


@pytest.mark.parametrize(
    ("body", "meant"),
    [("/overrid 601", "override"), ("/override x", "override"), ("/silence", "silence")],
)
def test_what_was_meant(body: str, meant: str) -> None:
    """A problem says which command it is about: not every one counts on every issue."""
    problem = parse_command(body)
    assert isinstance(problem, CommandProblem)
    assert problem.meant == meant


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("601", RUN),
        ("9223372036854775807", RunReference(RunId(2**63 - 1))),
        (URL, AT_GITHUB),
        (f"{URL}/", AT_GITHUB),
        (f"{URL}/job/12", AT_GITHUB),
        (f"{URL}/jobs/12", AT_GITHUB),
        (f"{URL}/job/12?pr=3#step:4:1", AT_GITHUB),
        (f"{URL}/attempts/2", RunReference(RunId(601), 2, "github.com", "acme/shop")),
        (f"{URL}/attempts/2/job/3", RunReference(RunId(601), 2, "github.com", "acme/shop")),
        (
            "http://127.0.0.1:4100/acme/shop/actions/runs/601",
            RunReference(RunId(601), None, "127.0.0.1:4100", "acme/shop"),
        ),
        ("", None),
        ("0", None),
        ("0601", None),
        ("-601", None),
        ("601.", None),
        ("٦٠١", None),
        ("601\n", None),
        ("9223372036854775808", None),
        (f"{URL}/attempts/0", None),
        (f"{URL}/artifacts/5", None),
        (f"{URL}9223372036854775808", None),
        ("https://github.com/acme/shop/actions/runs/", None),
        ("https://github.com/shop/actions/runs/601", None),
        ("https://github.com/a/b/c/actions/runs/601", None),
        ("https://mona@github.com/acme/shop/actions/runs/601", None),
        ("ftp://github.com/acme/shop/actions/runs/601", None),
        ("github.com/acme/shop/actions/runs/601", None),
    ],
)
def test_run_references(text: str, run: RunReference | None) -> None:
    """A run is named by its id, or by its address with or without attempt and job."""
    assert parse_run_reference(text) == run


@pytest.mark.parametrize(
    ("title", "run"),
    [
        ("Override of run 601", RUN),
        ("  override of RUN   601 ", RUN),
        (f"Override of run {URL}", AT_GITHUB),
        (
            f"Override of run {URL}/attempts/2",
            RunReference(RunId(601), 2, "github.com", "acme/shop"),
        ),
    ],
)
def test_titles(title: str, run: RunReference) -> None:
    """An override run's title names the run to release."""
    assert parse_override_title(title) == run


@pytest.mark.parametrize(
    "title", ["", "Deploy", "601", "An override of run 601", "Override of runs"]
)
def test_other_titles(title: str) -> None:
    """Any other title names no run."""
    assert parse_override_title(title) is None


@pytest.mark.parametrize(
    "named", ["", "601 602", "601 601", "601,602", "601 and more", "all", f"{URL} 602", "0"]
)
def test_ambiguous_titles(named: str) -> None:
    """A title that names no run, several, or anything else besides, is refused."""
    assert isinstance(parse_override_title(f"Override of run {named}"), CommandProblem)

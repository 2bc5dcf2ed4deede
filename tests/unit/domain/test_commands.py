"""What people ask of the gate in comments, and what an override run's title names."""

import pytest

from gate.domain.commands import (
    Command,
    CommandProblem,
    HelpCommand,
    OverrideCommand,
    RunReference,
    parse_command,
    parse_override_title,
    parse_run_reference,
)
from gate.domain.ids import RunId

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
        ("/help me\nplease", HelpCommand()),
    ],
)
def test_commands(body: str, command: Command) -> None:
    """A command begins the first line that is not blank; its words may go on below."""
    assert parse_command(body) == command


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
        "/assign @mona",
        "/usr/bin/env",
        "/ack",
        "/" + "override" * 1000,
        "<!-- /override 601 because -->",
    ],
)
def test_no_command(body: str) -> None:
    """Talk, quotes, code, and the commands of others are not for us."""
    assert parse_command(body) is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("/override", "say which run"),
        ("/override \n601 because", "say which run"),
        ("/override\n601 because", "say which run"),
        ("/override because I say so", "a run's URL or id"),
        ("/override 0 because", "a run's URL or id"),
        ("/override 9223372036854775808 because", "a run's URL or id"),
        ("/override https://github.com/acme/shop/pull/601 why", "a run's URL or id"),
        ("/overrid 601 because", "/overrid is no command of the gate; known: /override, /help"),
        ("/override: 601 because", "/override: is no command"),
        ("/override/601 because", "/override/601 is no command"),
        ("//override 601", "//override is no command"),
        ("/helpp", "/helpp is no command"),
    ],
)
def test_problems(body: str, told: str) -> None:
    """What was meant for us and cannot be done is answered."""
    problem = parse_command(body)
    assert isinstance(problem, CommandProblem)
    assert told in problem.detail


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

"""What is wrong with a file as a whole, and how its problems are listed."""

import pytest

from tests.unit.policyfile.documents import beside, environment, problems, validation

V = "environments.production.validation"
P = "environments.production"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            b"environments: {p: {}}",
            "line 1, column 1: version: missing; write `version: 1`",
        ),
        (
            b"# ours\n\nversion: 1\n",
            (
                "line 3, column 1: environments: missing; list the gated environments"
                " below `environments:`"
            ),
        ),
        (
            b"version: 2\nenvironments: {p: {}}",
            "line 1, column 10: version: the only supported version is 1, not `2`",
        ),
        (
            b"version: true\nenvironments: {p: {}}",
            ("line 1, column 10: version: expected a whole number, not `true`"),
        ),
        (
            b'version: "1"\nenvironments: {p: {}}',
            ('line 1, column 10: version: write `version: 1`, not `version: "1"`'),
        ),
        (
            b"version: 1\nenvironments: {}",
            "line 2, column 15: environments: expected at least 1 entry",
        ),
        (
            b"version: 1\nenvironments: [p]",
            (
                "line 2, column 15: environments: expected keys with values, not a list; keys"
                " here: environments by name"
            ),
        ),
        (
            b"version: 1\nenvironments:\n  production:\n",
            (
                "line 3, column 3: environments.production: no value; set one, or remove"
                " the key to use its default"
            ),
        ),
        (
            b"version: 1\nenvironments:\n  Prod: {}\n  prod: {}",
            (
                "line 4, column 3: environments.prod: same environment as `Prod`: GitHub"
                " ignores case in these names"
            ),
        ),
        (
            b'version: 1\nenvironments: {" ": {}}',
            'line 2, column 16: environments[" "]: expected an environment name',
        ),
        (
            b'version: 1\nenvironments: {"a\\nb": {}}',
            (
                'line 2, column 16: environments["a\\nb"]: an environment name is one line'
                " of at most 255 characters, not `a\nb`"
            ),
        ),
    ],
)
def test_the_file(text: bytes, expected: str) -> None:
    """The top of the file has a version and at least one environment."""
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            beside("environmentz: {}"),
            "line 3, column 1: environmentz: unknown key; did you mean `environments`?",
        ),
        (
            beside("environment: {}"),
            "line 3, column 1: environment: unknown key; did you mean `environments`?",
        ),
        (
            environment("when:\n  " + "x" * 70 + ": hold"),
            (
                f"line 5, column 7: {P}.when.{'x' * 59}…: unknown key; expected one of: failed,"
                " running, inconclusive, missing, stale"
            ),
        ),
        (
            validation("max_agee: 1h"),
            f"line 5, column 7: {V}.max_agee: unknown key; did you mean `max_age`?",
        ),
        (
            validation("max-age: 1h"),
            f"line 5, column 7: {V}.max-age: unknown key; did you mean `max_age`?",
        ),
        (
            environment("max_age: 1h"),
            (
                f"line 4, column 5: {P}.max_age: unknown key; `max_age` belongs below"
                " `environments.NAME.validation`"
            ),
        ),
        (
            validation("version: 1"),
            (
                f"line 5, column 7: {V}.version: unknown key; `version` belongs at the top"
                " of the file"
            ),
        ),
        (
            environment("when:\n  uncovered: hold"),
            (
                f"line 5, column 7: {P}.when.uncovered: unknown key; expected one of: failed,"
                " running, inconclusive, missing, stale"
            ),
        ),
        (
            beside("x.y: 1"),
            (
                'line 3, column 1: ["x.y"]: unknown key; expected one of: version, environments,'
                " alerts, incidents, badge"
            ),
        ),
    ],
)
def test_unknown_keys(text: bytes, expected: str) -> None:
    """An unknown key is shown where it stands, with the known one that was probably meant."""
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "alerts: {channels: [slack, teams]}",
            (
                "line 3, column 28: alerts.channels[1]: expected one of slack, email, webhook,"
                " notify, not `teams`"
            ),
        ),
        (
            "alerts: {mention: everyone}",
            (
                "line 3, column 19: alerts.mention: expected one of channel, here, none, not"
                " `everyone`"
            ),
        ),
        (
            "alerts: {remind_every: 240}",
            (
                "line 3, column 24: alerts.remind_every: a duration needs a unit: `240s`, `240m`,"
                " `240h` or `240d`"
            ),
        ),
        (
            "alerts: {remind_every: 599s}",
            "line 3, column 24: alerts.remind_every: must be at least 10m, not `599s`",
        ),
        (
            "incidents: {issue: 1}",
            "line 3, column 20: incidents.issue: expected true or false, not `1`",
        ),
        (
            f"incidents: {{labels: [a, {'b' * 51}]}}",
            (
                "line 3, column 25: incidents.labels[1]: a GitHub label is one line of at most"
                f" 50 characters, not `{'b' * 51}`"
            ),
        ),
        (
            "incidents: {labels: ['']}",
            "line 3, column 22: incidents.labels[0]: expected a label name",
        ),
        (
            "incidents: {labels: [2025-01-31]}",
            (
                "line 3, column 22: incidents.labels[0]: YAML reads `2025-01-31` as a date; write"
                ' "2025-01-31" with quotes'
            ),
        ),
    ],
)
def test_alerts_and_incidents(written: str, expected: str) -> None:
    """Sections without effect are checked as thoroughly as the others."""
    assert problems(beside(written)) == [expected]


def test_every_problem_is_listed_in_the_order_of_the_file() -> None:
    """One reading is enough to repair a file with several mistakes."""
    text = (
        b"version: 1.0\n"
        b"environments:\n"
        b"  production:\n"
        b"    mode: enforce\n"
        b"    mode: observe\n"
        b"    validation: {events: [push, push, tag], max_age: 1}\n"
        b"alert: {}\n"
    )
    assert [line.split(": ")[0:2] for line in problems(text)] == [
        ["line 1, column 10", "version"],
        ["line 5, column 5", "environments.production.mode"],
        ["line 6, column 33", "environments.production.validation.events[1]"],
        ["line 6, column 39", "environments.production.validation.events[2]"],
        ["line 6, column 54", "environments.production.validation.max_age"],
        ["line 7, column 1", "alert"],
    ]


def test_a_hundred_problems_are_enough() -> None:
    """The list is cut, and says so: nobody reads more, and a comment must hold it."""
    listed = problems(beside("".join(f"k{at}: 1\n" for at in range(150))))
    assert len(listed) == 101
    assert listed[-1] == "line 102, column 1: and 50 more problems"

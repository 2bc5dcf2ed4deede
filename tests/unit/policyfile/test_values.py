"""One table for each section of an environment: a wrong value, and the problem it is."""

import pytest

from gate.policyfile.values import EVENTS
from tests.unit.policyfile.documents import environment, problems, validation

V = "environments.production.validation"
P = "environments.production"
NO_FILE = "expected a file name in .github/workflows"
NO_DURATION = "expected a duration, a whole number followed by s, m, h or d, such as `24h`"


@pytest.mark.parametrize(
    ("written", "column", "path", "message"),
    [
        ("workflow: smoke", 17, "workflow", f"{NO_FILE} that ends in .yml or .yaml, not `smoke`"),
        ("workflow: .yml", 17, "workflow", f"{NO_FILE}, not `.yml`"),
        ("workflow: a@b.yml", 17, "workflow", f"{NO_FILE}, not `a@b.yml`"),
        *(
            (
                f"workflow: {path}",
                17,
                "workflow",
                f"{NO_FILE}, not `{path}`; GitHub runs workflows from that folder only",
            )
            for path in (
                "ci/smoke.yml",
                "../smoke.yml",
                "./smoke.yml",
                "/smoke.yml",
                ".github/workflows/../smoke.yml",
                ".github/workflows/deep/smoke.yml",
                "acme/shop/.github/workflows/smoke.yml",
            )
        ),
        (
            "branch: refs/heads/main",
            15,
            "branch",
            "write the branch name without `refs/heads/`, not `refs/heads/main`",
        ),
        (
            "branch: release/*",
            15,
            "branch",
            "expected the name of one branch; patterns are not supported: `release/*`",
        ),
        ('branch: ""', 15, "branch", "expected a branch name, not ``"),
        ("branch: yes", 15, "branch", 'YAML reads `yes` as true or false; write "yes" with quotes'),
        (
            "branch: true",
            15,
            "branch",
            'YAML reads `true` as true or false; write "true" with quotes',
        ),
        ("branch: 1.0", 15, "branch", 'YAML reads `1.0` as a number; write "1.0" with quotes'),
        ("branch: 7", 15, "branch", 'YAML reads `7` as a number; write "7" with quotes'),
        ("branch: 1:30", 15, "branch", 'YAML reads `1:30` as a number; write "1:30" with quotes'),
        ("branch: 1e3", 15, "branch", 'YAML reads `1e3` as a number; write "1e3" with quotes'),
        ("branch: 010", 15, "branch", 'YAML reads `010` as a number; write "010" with quotes'),
        (
            "branch: 2025-01-31",
            15,
            "branch",
            'YAML reads `2025-01-31` as a date; write "2025-01-31" with quotes',
        ),
        (
            "branch:",
            7,
            "branch",
            "no value; set one, or remove the key to use its default",
        ),
        (
            "branch: ~",
            15,
            "branch",
            "no value; set one, or remove the key to use its default",
        ),
        ("branch: [main]", 15, "branch", "expected text, not a list"),
        ("events: push", 15, "events", "expected a list such as `[a, b]`, not `push`"),
        ("events: []", 15, "events", "expected at least 1 entry"),
        ("events: [push, push]", 22, "events[1]", "`push` is in this list twice; remove one"),
        (
            "events: [push, cron]",
            22,
            "events[1]",
            "`cron` cannot start a validation; expected one of " + ", ".join(EVENTS),
        ),
        (
            "events: [pull_request]",
            16,
            "events[0]",
            (
                "`pull_request` runs the code of a change, so it does not test production;"
                f" expected one of {', '.join(EVENTS)}"
            ),
        ),
        (
            "max_age: 24",
            16,
            "max_age",
            "a duration needs a unit: `24s`, `24m`, `24h` or `24d`",
        ),
        *(
            (f"max_age: {text}", 16, "max_age", f"{NO_DURATION}, not `{text}`")
            for text in ("1:30", "1.5h", "-1h", "24 hours", "1w", "01h", "24H", "true", "1h30m")
        ),
        ("max_age: 0s", 16, "max_age", "a duration must be more than zero"),
        ("max_age: 367d", 16, "max_age", "must be at most 366d, not `367d`"),
        ('required_jobs: [a, " "]', 26, "required_jobs[1]", "expected text"),
        (
            "required_jobs: [a, a]",
            26,
            "required_jobs[1]",
            "`a` is in this list twice; remove one",
        ),
        (
            "covers: same_commit",
            15,
            "covers",
            (
                "expected one of latest, same-commit, infrastructure, not `same_commit`; did you"
                " mean `same-commit`?"
            ),
        ),
        (
            "infrastructure: apply.yml",
            23,
            "infrastructure",
            "expected keys with values, not `apply.yml`; keys here: workflow",
        ),
    ],
)
def test_validation(written: str, column: int, path: str, message: str) -> None:
    """A wrong value below `validation` is shown at the value, with what to write instead."""
    assert problems(validation(written)) == [f"line 5, column {column}: {V}.{path}: {message}"]


@pytest.mark.parametrize(
    ("written", "column", "path", "message"),
    [
        (
            "mode: enforced",
            11,
            "mode",
            ("expected one of enforce, observe, not `enforced`; did you mean `enforce`?"),
        ),
        ("mode: off", 11, "mode", "expected one of enforce, observe, not `off`"),
        (
            "give_up_after: 30d",
            20,
            "give_up_after",
            ("must be at most 29d (GitHub fails a deployment that has waited for 30d), not `30d`"),
        ),
        ("give_up_after: 0m", 20, "give_up_after", "a duration must be more than zero"),
        ("when: {failed: wait}", 20, "when.failed", "expected one of hold, reject, not `wait`"),
        ("override: {allow: yes}", 23, "override.allow", "expected true or false, not `yes`"),
        (
            "override: {holds: [running]}",
            24,
            "override.holds[0]",
            ("expected one of failed, inconclusive, missing, stale, uncovered, not `running`"),
        ),
        ("override: {approvals: 0}", 27, "override.approvals", "expected at least 1, not `0`"),
        (
            "override: {reviewers: [octocat]}",
            28,
            "override.reviewers[0]",
            (
                "expected"
                " `team:ORGANIZATION/SLUG`, `user:LOGIN` or `permission:admin|maintain|write`, not"
                " `octocat`"
            ),
        ),
        (
            "override: {reviewers: ['team:owners']}",
            28,
            "override.reviewers[0]",
            "expected `team:ORGANIZATION/SLUG`, not `team:owners`",
        ),
        (
            "override: {reviewers: ['user:@octocat']}",
            28,
            "override.reviewers[0]",
            "expected `user:LOGIN`, not `user:@octocat`",
        ),
        (
            "override: {reviewers: ['permission:read']}",
            28,
            "override.reviewers[0]",
            (
                "expected `permission:admin`, `permission:maintain` or `permission:write`, not"
                " `permission:read`"
            ),
        ),
        (
            "override: {rationale: {min_length: long}}",
            40,
            "override.rationale.min_length",
            "expected a whole number, not `long`",
        ),
        (
            'override: {rationale: {acknowledge: "a\\nb"}}',
            41,
            "override.rationale.acknowledge",
            "expected one line, not `a\nb`",
        ),
    ],
)
def test_an_environment(written: str, column: int, path: str, message: str) -> None:
    """A wrong value of an environment is shown at the value, `override` included."""
    assert problems(environment(written)) == [f"line 4, column {column}: {P}.{path}: {message}"]

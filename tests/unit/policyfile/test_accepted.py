import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from gate.domain.model.policy.policy import (
    BUILT_IN,
    Covers,
    EnvironmentPolicy,
    LoadedPolicy,
    Mode,
    OverridePolicy,
    Permission,
    PermissionReviewer,
    Reaction,
    Reactions,
    TeamReviewer,
    UserReviewer,
    ValidationRule,
    ValidationState,
)
from gate.policyfile import built_in_text, parse_policy, parsing
from gate.policyfile.values import EVENTS
from tests.unit.policyfile.documents import (
    SOURCE,
    accept,
    environment,
    problems,
    validation,
)

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = DOCS / "examples/deployment-gate.yml"
SHOWN = [
    block
    for page in ("reference/policy.md", "how-to/write-a-policy.md")
    for block in re.findall(
        r"^```yaml\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
]


def test_the_built_in_text_is_the_built_in_policy() -> None:
    """The text that is recorded with a decision says what the domain's constant says."""
    reading = parse_policy(built_in_text(), "built in")
    assert isinstance(reading, LoadedPolicy)
    assert reading.policy == BUILT_IN


def test_an_environment_without_keys_takes_every_default() -> None:
    """The defaults of a file are those of the domain."""
    assert accept(environment("{}")) == EnvironmentPolicy()


def test_the_example_shows_the_defaults() -> None:
    """Every value of the example is the default, or says the name that the default comes to."""
    reading = parse_policy(EXAMPLE.read_bytes(), SOURCE)
    assert isinstance(reading, LoadedPolicy)
    example = EnvironmentPolicy(
        validation=ValidationRule(branch="main"),
        override=OverridePolicy(
            environment=OverridePolicy().environment_for("production-frontend")
        ),
    )
    assert reading.policy.environments == {"production-frontend": example}


@pytest.mark.parametrize("block", SHOWN)
def test_what_the_pages_show_is_fine(block: str) -> None:
    """A reader may copy any file from the documentation."""
    assert problems(block.encode()) == []


def test_a_reading_names_its_text_and_its_source() -> None:
    """The digest is the SHA-256 of the bytes as they are, in hex."""
    text = environment("{}")
    reading = parse_policy(text, SOURCE)
    assert reading.digest == sha256(text).hexdigest()
    assert reading.source == SOURCE


def test_the_same_text_is_parsed_once() -> None:
    """A text seen before is not parsed again, whatever source it comes from."""
    text = environment("{}")
    first, second = parse_policy(text, "one"), parse_policy(bytes(bytearray(text)), "two")
    assert isinstance(first, LoadedPolicy)
    assert isinstance(second, LoadedPolicy)
    assert first.policy is second.policy
    assert (first.source, second.source) == ("one", "two")


def test_only_so_much_text_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten, and parsed again when it is asked for; a large one counts more."""
    texts = [environment("{}") + b"#" * number for number in range(3)]
    monkeypatch.setattr(parsing, "_MOST_REMEMBERED", 2 * parsing._LEAST_COUNTED)
    monkeypatch.setattr(parsing, "_outcomes", {})

    def policy(text: bytes) -> object:
        reading = parse_policy(text, SOURCE)
        assert isinstance(reading, LoadedPolicy)
        return reading.policy

    first, second, third = map(policy, texts)
    assert policy(texts[1]) is second
    assert policy(texts[2]) is third
    assert policy(texts[0]) is not first
    assert len(parsing._outcomes) == 2
    policy(texts[0] + b"#" * parsing._LEAST_COUNTED)
    assert len(parsing._outcomes) == 1


def test_a_text_of_the_past_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would push out texts on which decisions rest."""
    monkeypatch.setattr(parsing, "_outcomes", {})
    assert isinstance(parse_policy(environment("{}"), SOURCE, is_remembered=False), LoadedPolicy)
    assert parsing._outcomes == {}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("workflow: smoke.yaml", ValidationRule(workflow=".github/workflows/smoke.yaml")),
        (
            "workflow: .github/workflows/smoke.yml",
            ValidationRule(workflow=".github/workflows/smoke.yml"),
        ),
        ("branch: release/2.0", ValidationRule(branch="release/2.0")),
        ('branch: "2.0"', ValidationRule(branch="2.0")),
        ("events: [schedule, workflow_run]", ValidationRule(events=("schedule", "workflow_run"))),
        (f"events: [{', '.join(EVENTS)}]", ValidationRule(events=EVENTS)),
        ("max_age: 90s", ValidationRule(max_age=timedelta(seconds=90))),
        ("max_age: 15m", ValidationRule(max_age=timedelta(minutes=15))),
        ("max_age: 24h", ValidationRule(max_age=timedelta(hours=24))),
        ("max_age: 366d", ValidationRule(max_age=timedelta(days=366))),
        (
            'required_jobs: ["Maestro flows (ios)", smoke]',
            ValidationRule(required_jobs=("Maestro flows (ios)", "smoke")),
        ),
        ("covers: latest", ValidationRule(covers=Covers.LATEST)),
        ("covers: same-commit", ValidationRule(covers=Covers.SAME_COMMIT)),
        (
            "covers: infrastructure\ninfrastructure: {workflow: apply.yml}",
            ValidationRule(
                covers=Covers.INFRASTRUCTURE, infrastructure_workflow=".github/workflows/apply.yml"
            ),
        ),
    ],
)
def test_validation(written: str, meant: ValidationRule) -> None:
    """Each key of `validation` means what the reference says."""
    assert accept(validation(written)).validation == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("when: {failed: reject}", EnvironmentPolicy(when=Reactions(failed=Reaction.REJECT))),
        ("when: {running: reject}", EnvironmentPolicy(when=Reactions(running=Reaction.REJECT))),
        (
            "when: {inconclusive: reject}",
            EnvironmentPolicy(when=Reactions(inconclusive=Reaction.REJECT)),
        ),
        ("when: {missing: reject}", EnvironmentPolicy(when=Reactions(missing=Reaction.REJECT))),
        ("when: {stale: reject}", EnvironmentPolicy(when=Reactions(stale=Reaction.REJECT))),
        ("give_up_after: 1s", EnvironmentPolicy(give_up_after=timedelta(seconds=1))),
        ("give_up_after: 29d", EnvironmentPolicy(give_up_after=timedelta(days=29))),
        ("mode: observe", EnvironmentPolicy(mode=Mode.OBSERVE)),
    ],
)
def test_an_environment(written: str, meant: EnvironmentPolicy) -> None:
    """Each key of an environment means what the reference says."""
    assert accept(environment(written)) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("allow: false", OverridePolicy(allow=False)),
        ("holds: []", OverridePolicy(holds=())),
        (
            "holds: [stale, failed]",
            OverridePolicy(holds=(ValidationState.STALE, ValidationState.FAILED)),
        ),
        (
            'reviewers: ["team:Acme/Owners", "user:Octo-Cat"]',
            OverridePolicy(reviewers=(TeamReviewer("acme", "owners"), UserReviewer("octo-cat"))),
        ),
        (
            "reviewers: ['permission:admin', permission:maintain, permission:write]",
            OverridePolicy(
                reviewers=(
                    PermissionReviewer(Permission.ADMIN),
                    PermissionReviewer(Permission.MAINTAIN),
                    PermissionReviewer(Permission.WRITE),
                )
            ),
        ),
        ("environment: Release override", OverridePolicy(environment="Release override")),
        ("prevent_self_review: false", OverridePolicy(prevent_self_review=False)),
        ("approvals: 2", OverridePolicy(approvals=2)),
        (
            "rationale: {min_length: 40, acknowledge: Ja}",
            OverridePolicy(min_length=40, acknowledge="Ja"),
        ),
    ],
)
def test_override(written: str, meant: OverridePolicy) -> None:
    """Each key of `override` means what the reference says; names of people lose their case."""
    assert accept(environment("override: {" + written + "}")).override == meant


def test_an_environment_is_found_whatever_its_case() -> None:
    """GitHub compares environment names without case, and so does the policy."""
    reading = parse_policy(b"version: 1\nenvironments: {Production Front: {}}", SOURCE)
    assert isinstance(reading, LoadedPolicy)
    assert reading.policy.environment("PRODUCTION front") == EnvironmentPolicy()


def test_an_alias_stands_for_a_whole_value() -> None:
    """Two environments may share one section by anchor and alias."""
    text = b"version: 1\nenvironments: {staging: &e {mode: observe}, production: *e}"
    assert accept(text) == EnvironmentPolicy(mode=Mode.OBSERVE)


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfversion: 1\nenvironments: {production: {}}",
        b"version: 1\r\nenvironments:\r\n  production: {}\r\n",
        b"---\nversion: 1\nenvironments: {production: {}}\n...\n",
        b'{"version": 1, "environments": {"production": {}}}',
    ],
)
def test_notations(text: bytes) -> None:
    """A byte order mark, CRLF, document markers and plain JSON are all fine."""
    assert accept(text) == EnvironmentPolicy()

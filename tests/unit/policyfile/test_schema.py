"""The JSON Schema and the parser are two views of one description, and must agree."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from gate.domain.model.policy.policy import LoadedPolicy
from gate.policyfile import built_in_text, parse_policy, policy_schema
from gate.policyfile.reference import render_events, render_reference
from tests.unit.policyfile.documents import SOURCE, beside, environment, validation

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs/examples/deployment-gate.yml"

GOOD = [
    built_in_text(),
    EXAMPLE.read_bytes(),
    environment("{}"),
    validation("workflow: .github/workflows/a b.yaml"),
    validation("branch: release/2.x"),
    validation("max_age: 31622400s"),
    validation("max_age: 527040m"),
    validation("max_age: 8784h"),
    validation("max_age: 366d"),
    environment("give_up_after: 29d"),
    environment("give_up_after: 696h"),
    environment("give_up_after: 2505600s"),
    environment("give_up_after: 1s"),
    environment("override: {environment: Production override, approvals: 2}"),
    environment("override: {holds: [], reviewers: ['user:octo_acme', 'team:a/b']}"),
    beside("alerts: {channels: [], mention: none, remind_every: 30m}"),
    *(beside(f"alerts: {{remind_every: {it}}}") for it in ("600s", "10m", "1h", "1d", "3600s")),
    beside("incidents: {issue: false, labels: [a, b]}"),
    beside(f"incidents: {{labels: [{'b' * 50}]}}"),
]

BAD = [
    b"{}",
    b"[]",
    b"version: 1",
    b"version: 1\nenvironments: {}",
    b"version: true\nenvironments: {production: {}}",
    b"version: 2\nenvironments: {production: {}}",
    b"version: 1\nenvironments: {production: }",
    b"version: 1\nenvironments: {'': {}}",
    b"version: 1\nenvironments: {'" + b"a" * 256 + b"': {}}",
    beside("extra: 1"),
    *(beside(f"alerts: {{remind_every: {it}}}") for it in ("599s", "60s", "1s", "9m", "1m")),
    validation("extra: 1"),
    validation("workflow: ../smoke.yml"),
    validation("workflow: smoke"),
    validation("workflow: a@b.yml"),
    validation("branch: refs/heads/main"),
    validation("branch: 'a*'"),
    validation("branch: ''"),
    validation("branch:"),
    validation("events: []"),
    validation("events: [pull_request]"),
    validation("events: [push, push]"),
    validation("max_age: 24"),
    validation("max_age: 0s"),
    validation("max_age: 024h"),
    validation("max_age: 24 h"),
    validation("max_age: 367d"),
    validation("max_age: 8785h"),
    validation("max_age: 31622401s"),
    validation("required_jobs: ['']"),
    validation("required_jobs: [a, a]"),
    validation("required_jobs: a"),
    validation("covers: all"),
    validation("infrastructure: {workflow: x/y.yml}"),
    environment("give_up_after: 30d"),
    environment("give_up_after: 697h"),
    environment("give_up_after: 41761m"),
    environment("give_up_after: 2505601s"),
    environment("mode: audit"),
    environment("when: {failed: approve}"),
    environment("when: {passed: hold}"),
    environment("override: {holds: [running]}"),
    environment("override: {reviewers: [octocat]}"),
    environment("override: {approvals: 0}"),
    environment("override: {approvals: true}"),
    environment("override: {allow: 'true'}"),
    environment("override: {rationale: {min_length: 0}}"),
    environment("override: {rationale: {acknowledge: '  '}}"),
    beside("alerts: {channels: [sms]}"),
    beside("alerts: {mention: everyone}"),
    beside("incidents: {labels: [7]}"),
    beside(f"incidents: {{labels: [{'b' * 51}]}}"),
]


def sub_schemas(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """List every property in the schema with its name."""
    for section in (schema, *schema["$defs"].values()):
        yield from section.get("properties", {}).items()


def test_it_is_a_schema_of_2020_12() -> None:
    """The schema is valid by its own dialect, which it names."""
    schema = policy_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert json.loads(json.dumps(schema)) == schema


def test_every_key_is_described() -> None:
    """An editor shows the description of whatever key the cursor is on."""
    schema = policy_schema()
    undescribed = [
        name
        for name, key in sub_schemas(schema)
        if "description" not in key
        and "description" not in schema["$defs"].get(key.get("$ref", "").rpartition("/")[2], {})
    ]
    assert undescribed == []


def test_every_default_is_valid() -> None:
    """What the schema gives as a default or an example, it accepts."""
    schema = policy_schema()
    for name, key in sub_schemas(schema):
        validator = Draft202012Validator({"$defs": schema["$defs"], **key})
        defaults = [key["default"]] if "default" in key else []
        for value in [*defaults, *key.get("examples", [])]:
            assert validator.is_valid(value), name


@pytest.mark.parametrize("text", GOOD)
def test_both_accept(text: bytes) -> None:
    """A good file is good to the parser and to the schema."""
    assert isinstance(parse_policy(text, SOURCE), LoadedPolicy)
    Draft202012Validator(policy_schema()).validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", BAD)
def test_both_refuse(text: bytes) -> None:
    """A bad file is bad to the parser and to the schema."""
    assert not isinstance(parse_policy(text, SOURCE), LoadedPolicy)
    assert not Draft202012Validator(policy_schema()).is_valid(yaml.safe_load(text))


def test_a_schema_is_the_callers_own() -> None:
    """Whoever changes the schema they were given changes nobody else's."""
    policy_schema()["properties"].clear()
    assert "version" in policy_schema()["properties"]


def test_the_reference_page_is_generated_from_the_schema() -> None:
    """The page's tables are the ones that cog would write now."""
    page = (ROOT / "docs/reference/policy.md").read_text(encoding="utf-8")
    assert render_reference() in page
    assert render_events() in page


def described_keys(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """List every key of the schema with what an editor shows of it; a reference is followed."""
    schema = policy_schema()
    for name, key in node.get("properties", {}).items():
        target = schema["$defs"][key["$ref"].rpartition("/")[2]] if "$ref" in key else key
        yield f"{path}{name}", key.get("description") or target.get("description", "")
        for inner in (target, *target.get("patternProperties", {}).values()):
            at = schema["$defs"][inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
            yield from described_keys(at, f"{path}{name}.")


def test_an_editor_can_explain_every_key() -> None:
    """Whoever hovers over a key reads a sentence."""
    described = dict(described_keys(policy_schema()))
    assert len(described) > 35
    assert [path for path, text in described.items() if not text.endswith(".")] == []

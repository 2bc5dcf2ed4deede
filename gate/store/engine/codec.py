"""Turn domain values into bytes and back, without loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from gate.domain.incidents.incident import Incident
from gate.domain.limits.account import Account
from gate.domain.model.facts import Facts
from gate.domain.model.ids import DeploymentId
from gate.domain.model.overrides import OverrideClaim
from gate.domain.model.policy.sources import PolicyBasis
from gate.domain.model.reports import AlertReport, ValidationReport
from gate.domain.model.runs import BriefRun, WorkflowRun
from gate.domain.requests.decision import Decision

_encoder: Final = msgspec.json.Encoder()
_run: Final = msgspec.json.Decoder(WorkflowRun)
# Not strict: their starts are seconds since 1970.
_brief_runs: Final = msgspec.json.Decoder(list[BriefRun], strict=False)
_facts: Final = msgspec.json.Decoder(Facts)
_decision: Final = msgspec.json.Decoder(Decision)
_basis: Final = msgspec.json.Decoder(PolicyBasis)
_incident: Final = msgspec.json.Decoder(Incident)
_claim: Final = msgspec.json.Decoder(OverrideClaim)
_report: Final = msgspec.json.Decoder(ValidationReport)
_alert: Final = msgspec.json.Decoder(AlertReport)
_account: Final = msgspec.json.Decoder(Account)
_ids: Final = msgspec.json.Decoder(tuple[DeploymentId, ...])
_numbers: Final = msgspec.json.Decoder(tuple[int, ...])
_names: Final = msgspec.json.Decoder(tuple[str, ...])
_details: Final = msgspec.json.Decoder(dict[str, object])


def encode(value: object) -> bytes:
    """Return a value as JSON; datetimes keep their microseconds and their time zone."""
    return _encoder.encode(value)


def encode_text(value: object) -> str:
    """Return a value as JSON text."""
    return _encoder.encode(value).decode()


def decode_run(value: bytes) -> WorkflowRun:
    """Read a run back."""
    return _run.decode(value)


def decode_brief_runs(value: str) -> list[BriefRun]:
    """Read run attempts from an array of arrays, whose starts are seconds since 1970."""
    return _brief_runs.decode(value)


def decode_facts(value: bytes) -> Facts:
    """Read the facts of a decision back."""
    return _facts.decode(value)


def decode_decision(value: bytes) -> Decision:
    """Read a decision back."""
    return _decision.decode(value)


def decode_basis(value: bytes) -> PolicyBasis:
    """Read back which texts made up the policy of a decision."""
    return _basis.decode(value)


def decode_claim(value: bytes) -> OverrideClaim:
    """Read what somebody said to release a run back."""
    return _claim.decode(value)


def decode_report(value: bytes) -> ValidationReport:
    """Read what a run attempt reported back."""
    return _report.decode(value)


def decode_alert(value: bytes) -> AlertReport:
    """Read what a run attempt raised an alert about back."""
    return _alert.decode(value)


def decode_incident(value: bytes) -> Incident:
    """Read an incident back."""
    return _incident.decode(value)


def decode_account(value: bytes) -> Account:
    """Read back what nodes have leased of an installation's limits."""
    return _account.decode(value)


def encode_ids(ids: Iterable[DeploymentId]) -> str:
    """Return ids as JSON text."""
    return encode_text(tuple(ids))


def decode_ids(value: str) -> tuple[DeploymentId, ...]:
    """Read ids back."""
    return _ids.decode(value)


def decode_numbers(value: str) -> tuple[int, ...]:
    """Read a list of numbers back."""
    return _numbers.decode(value)


def decode_names(value: str) -> tuple[str, ...]:
    """Read a list of names back."""
    return _names.decode(value)


def decode_detail(value: str) -> dict[str, object]:
    """Read the detail of an audit entry back."""
    return _details.decode(value)

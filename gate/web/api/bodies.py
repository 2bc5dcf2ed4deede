"""Parse what the actions post, and list everything that is wrong with it at once.

Strict: an unknown key, a wrong type or a text that is too long is a problem, and each is listed
with its path and what to write there. The words of others are not repeated. The shapes are in
docs/reference/http-api.md; limits are above whatever the actions send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypedDict, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reporters import Reporter
from gate.domain.model.reports import AlertReport, Flow, FlowStatus, ValidationReport
from gate.loopback import is_loopback

MOST_PROBLEMS: Final = 100
"""Problems that are listed; of more, only the number is given."""

_URL: Final = 2_100
_NAME: Final = 300
_ERROR: Final = 2_100
_FLOWS: Final = 10_000
_URLS: Final = 100
_EXIT_CODE: Final = 2**31 - 1
_ATTEMPTS: Final = 1_000_000
_SECONDS: Final = 10_000_000.0
_SHOWN: Final = 60
_EVENT: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
_ADVICE: Final[Mapping[str, str]] = {
    "missing": "is missing; add it",
    "extra_forbidden": "is an unknown key; remove it",
    "json_invalid": "write a JSON object in UTF-8",
    "model_type": "write an object",
    "tuple_type": "write a list",
    "string_type": "write text",
    "int_type": "write a whole number",
    "float_type": "write a number",
    "finite_number": "write a number",
    "string_pattern_mismatch": "write letters, digits, '.', '_' or '-', 100 of them at most",
    "string_too_short": "write some text",
    "string_too_long": "write {max_length} characters at most",
    "too_long": "write {max_length} or fewer",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "enum": "write {expected}",
    "value_error": "{error}",
}


@dataclass(frozen=True, slots=True)
class BodyProblem:
    """What is wrong at one place of a body, and what to write there."""

    path: str
    message: str


def _check_url(text: str) -> str:
    """Take an https address, or an http one of this machine, without a user name."""
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        host, url = "", urlsplit("")
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' <>"\\')
    is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
    if not (host and is_plain and is_safe) or "@" in url.netloc:
        raise ValueError("write an address that begins with https://")
    return text


def _check_not_empty(flows: tuple[Any, ...]) -> tuple[Any, ...]:
    """Take some flows. Pydantic's own check does not count those that are wrong."""
    if not flows:
        raise ValueError("write at least one flow; a validation without flows proves nothing")
    return flows


def _check_version(number: int) -> int:
    """Take the one version there is. A Literal would take `true` for 1."""
    if number != 1:
        raise ValueError("write 1")
    return number


_Version = Annotated[int, AfterValidator(_check_version)]
_Url = Annotated[str, Field(max_length=_URL), AfterValidator(_check_url)]


class _Body(BaseModel):
    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )


class FlowBody(_Body):
    """A flow of a report or an alert."""

    flow_name: Annotated[str, Field(min_length=1, max_length=_NAME)]
    status: FlowStatus
    exit_code: Annotated[int, Field(ge=0, le=_EXIT_CODE)]
    error: Annotated[str, Field(max_length=_ERROR)] | None = None
    duration_seconds: Annotated[float, Field(ge=0, le=_SECONDS)] | None = None
    attempts: Annotated[int, Field(ge=1, le=_ATTEMPTS)] = 1


class ReportBody(_Body):
    """What `POST /api/v1/validations` takes."""

    schema_version: _Version
    job_url: _Url
    terraform_deployment_id: Annotated[str, Field(min_length=1, max_length=_NAME)] | None = None
    artifact_urls: Annotated[tuple[_Url, ...], Field(max_length=_URLS)] = ()
    flows: Annotated[
        tuple[FlowBody, ...], Field(max_length=_FLOWS), AfterValidator(_check_not_empty)
    ]


class AlertBody(_Body):
    """What `POST /api/v1/alerts` takes."""

    event: Annotated[str, Field(pattern=_EVENT)]
    job_url: _Url
    terraform_deployment_id: Annotated[str, Field(min_length=1, max_length=_NAME)] | None = None
    schema_version: _Version = 1
    artifact_urls: Annotated[tuple[_Url, ...], Field(max_length=_URLS)] = ()
    flows: Annotated[tuple[FlowBody, ...], Field(max_length=_FLOWS)] = ()


B = TypeVar("B", ReportBody, AlertBody)


class _Shared(TypedDict):
    """What a report and an alert have in common."""

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    job_url: str
    terraform_deployment_id: str | None
    artifact_urls: tuple[str, ...]
    flows: tuple[Flow, ...]


def parse_validation(
    body: bytes, reporter: Reporter, now: datetime
) -> ValidationReport | list[BodyProblem]:
    """Read a report; run, attempt and repository are the reporter's, never the body's."""
    read = _parse(ReportBody, body)
    if isinstance(read, list):
        return read
    return ValidationReport(**_shared(read, reporter), reported_at=now)


def parse_alert(body: bytes, reporter: Reporter, now: datetime) -> AlertReport | list[BodyProblem]:
    """Read an alert, with the flows it may have."""
    read = _parse(AlertBody, body)
    if isinstance(read, list):
        return read
    return AlertReport(
        **_shared(read, reporter),
        workflow=reporter.workflow,
        ref=reporter.ref,
        head_sha=reporter.sha,
        event=read.event,
        received_at=now,
    )


def _shared(body: ReportBody | AlertBody, reporter: Reporter) -> _Shared:
    return _Shared(
        repository_id=reporter.repository_id,
        run_id=reporter.run_id,
        run_attempt=reporter.run_attempt,
        job_url=body.job_url,
        terraform_deployment_id=body.terraform_deployment_id,
        artifact_urls=body.artifact_urls,
        flows=tuple(map(_flow, body.flows)),
    )


def _parse(shape: type[B], body: bytes) -> B | list[BodyProblem]:
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    return [BodyProblem(_path(it["loc"]), _advice(it["type"], it)) for it in found]


def _flow(body: FlowBody) -> Flow:
    seconds = body.duration_seconds
    return Flow(
        name=body.flow_name,
        status=body.status,
        exit_code=body.exit_code,
        error=body.error,
        duration=timedelta(seconds=seconds) if seconds is not None else None,
        attempts=body.attempts,
    )


def _path(place: tuple[int | str, ...]) -> str:
    """Write a place as people do: `flows[3].status`. A key of theirs is cut."""
    path = ""
    for step in place:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f"{'.' if path else ''}{step[:_SHOWN]}"
    return path


def _advice(kind: str, found: Mapping[str, Any]) -> str:
    """Return what to write; pydantic's own words, which hold no input, where we have none."""
    advice = _ADVICE.get(kind)
    return advice.format(**found.get("ctx", {})) if advice is not None else str(found["msg"])

"""Describe the API as an OpenAPI 3.1 document, from the shapes that the routes themselves use.

It needs no login: it holds nothing but what the documentation does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Blueprint, Response

from gate import __version__
from gate.domain.audit.chain import FIELDS
from gate.domain.audit.kinds import KINDS
from gate.domain.model.ledger import LedgerEntry
from gate.domain.model.reports import AlertReport, ValidationReport
from gate.store.audit import trail
from gate.store.incidents import listing as incident_listing
from gate.store.incidents.listing import ShownIncident
from gate.store.requests import listing as request_listing
from gate.store.requests.listing import RequestRecord
from gate.web.api import statistics
from gate.web.api.bodies import AlertBody, ReportBody
from gate.web.api.lists import LIMIT, MOST
from gate.web.api.queries import LARGEST, json_answer
from gate.web.problems import PROBLEM_TYPE

_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_ID: Final = {"type": "integer", "minimum": 1, "maximum": LARGEST}
_ANYTHING: Final = {"type": ["array", "boolean", "null", "number", "object", "string"]}
_TEXT: Final = {"type": "string"}
_ANY_TEXT: Final[Mapping[str, Collection[str]]] = {}
_SHAPES: Final = (RequestRecord, ShownIncident, ValidationReport, AlertReport, LedgerEntry)

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """A route: what it takes, and what it answers."""

    method: str
    path: str
    summary: str
    answer: Schema
    parameters: tuple[Schema, ...] = ()
    body: str | None = None

    @property
    def statuses(self) -> tuple[HTTPStatus, ...]:
        """Return the errors that it answers besides those that every route does."""
        if self.body is not None:
            return _REFUSALS
        is_single = any(it["in"] == "path" for it in self.parameters)
        return (_UNAUTHORIZED, HTTPStatus.NOT_FOUND if is_single else HTTPStatus.BAD_REQUEST)


_UNAUTHORIZED: Final = HTTPStatus.UNAUTHORIZED
_REFUSALS: Final = (
    _UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


def openapi_api(describe: Callable[[], Schema]) -> Blueprint:
    """Build the route of the document."""
    blueprint = Blueprint("openapi", __name__, url_prefix="/api/v1")

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return json_answer(describe())

    return blueprint


def describe_api(public_url: str) -> Schema:
    """Return the document."""
    paths: dict[str, Schema] = {}
    for it in OPERATIONS:
        paths.setdefault(it.path, {})[it.method] = _described(it)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Deployment Gate",
            "version": __version__,
            "description": "Read what the gate recorded, and report validations to it.",
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "token": _bearer("a token of `gate token create`"),
                "runToken": _bearer("an OIDC token of the workflow run"),
            },
        },
    }


def _described(operation: Operation) -> Schema:
    """Return one operation as the document has it."""
    is_public = operation.path == _DOCUMENT
    taken = operation.body is not None
    good = HTTPStatus.ACCEPTED if taken else HTTPStatus.OK
    described: Schema = {
        "summary": operation.summary,
        "parameters": list(operation.parameters),
        "security": [] if is_public else [{"runToken" if taken else "token": []}],
        "responses": {
            str(good.value): {
                "description": good.phrase,
                "content": {_JSON: {"schema": operation.answer}},
            },
            **{str(it.value): _problem(it) for it in (() if is_public else operation.statuses)},
            "503": _problem(HTTPStatus.SERVICE_UNAVAILABLE),
        },
    }
    if operation.body is not None:
        schema = _ref(operation.body)
        described["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
    return described


def _problem(status: HTTPStatus) -> Schema:
    return {"description": status.phrase, "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}}}


def _bearer(what: str) -> Schema:
    return {"type": "http", "scheme": "bearer", "description": what}


def _schemas() -> dict[str, Schema]:
    _, shapes = msgspec.json.schema_components(
        _SHAPES, schema_hook=lambda _: _ANYTHING, ref_template=_REF
    )
    found: dict[str, Schema] = dict(shapes)
    for body in (ReportBody, AlertBody):
        schema = body.model_json_schema(ref_template=_REF.replace("name", "model"))
        found |= schema.pop("$defs", {})
        found[body.__name__] = schema
    found["Problem"] = _object(
        {"title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT, "reason": _TEXT}
    )
    found["AuditEntry"] = _object({name: {} for name in FIELDS})
    plain: dict[str, Schema] = _fit_for_clients(found)
    return plain


def _fit_for_clients(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Drop from a generated schema what does not help a client.

    Docstrings of our classes explain code. The format `duration` has no fractions of a second.
    """
    if isinstance(schema, dict):
        return {
            key: _fit_for_clients(value)
            for key, value in schema.items()
            if not isinstance(value, str)
            or (key != "description" and (key, value) != ("format", "duration"))
        }
    return [_fit_for_clients(it) for it in schema] if isinstance(schema, list) else schema


def _ref(name: str) -> Schema:
    return {"$ref": _REF.format(name=name)}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _page(name: str) -> Schema:
    """Return the schema of a page of a list."""
    cursor = {"type": ["string", "null"]}
    return _object({"items": _array(_ref(name)), "next_cursor": cursor})


def _and(name: str, more: Mapping[str, Schema]) -> Schema:
    """Return the schema of a single item, which holds more than a list shows of it."""
    return {"allOf": [_ref(name), _object(more)]}


def _in_path(*names: str) -> tuple[Schema, ...]:
    return tuple({"name": it, "in": "path", "required": True, "schema": _ID} for it in names)


def _queries(
    fields: Collection[str],
    numbers: Collection[str],
    choices: Mapping[str, Collection[str]] = _ANY_TEXT,
) -> tuple[Schema, ...]:
    """Return the query parameters of the filters that a route takes."""
    return tuple(
        _query(it, _ID if it in numbers else _choice(choices[it]) if it in choices else _TEXT)
        for it in fields
    )


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "schema": schema}


def _choice(values: Collection[str]) -> Schema:
    return {"type": "string", "enum": list(values)}


_PAGING: Final = (
    _query("limit", _ID | {"default": LIMIT, "description": f"{MOST} at most are shown"}),
    _query("cursor", _ID | {"description": "next_cursor of the page before"}),
)
_DOCUMENT: Final = "/api/v1/openapi.json"
_TAKEN: Final = {"type": "object", "properties": {"url": _TEXT}, "required": ["url"]}

OPERATIONS: Final = (
    Operation(
        "get",
        "/api/v1/requests",
        "List requests, newest first",
        _page("RequestRecord"),
        _PAGING
        + _queries(request_listing.FILTERS, request_listing.NUMBERS, request_listing.CHOICES),
    ),
    Operation(
        "get",
        "/api/v1/requests/{id}",
        "Read a request with its decisions and effects",
        _and(
            "RequestRecord",
            {"decisions": _array({"type": "object"}), "effects": _array(_ref("LedgerEntry"))},
        ),
        _in_path("id"),
    ),
    Operation(
        "get",
        "/api/v1/incidents",
        "List incidents, newest first",
        _page("ShownIncident"),
        _PAGING
        + _queries(incident_listing.FILTERS, incident_listing.NUMBERS, incident_listing.CHOICES),
    ),
    Operation(
        "get",
        "/api/v1/incidents/{id}",
        "Read an incident with its timeline and alerts",
        _and("ShownIncident", dict.fromkeys(("timeline", "alerts"), _array({"type": "object"}))),
        _in_path("id"),
    ),
    Operation(
        "get",
        "/api/v1/stats",
        "Read the metrics of a period",
        {"type": "object"},
        _queries(statistics.FILTERS, {"repository_id"}),
    ),
    Operation(
        "get",
        "/api/v1/audit",
        "List the audit trail, newest entry first",
        _page("AuditEntry"),
        _PAGING + _queries(trail.FILTERS, trail.NUMBERS, {"kind": KINDS}),
    ),
    Operation(
        "get",
        "/api/v1/validations/{repository_id}/{run_id}/{run_attempt}",
        "Read what a run attempt reported",
        _object(
            {
                "report": {"anyOf": [_ref("ValidationReport"), {"type": "null"}]},
                "alerts": _array(_ref("AlertReport")),
            }
        ),
        _in_path("repository_id", "run_id", "run_attempt"),
    ),
    Operation(
        "post", "/api/v1/validations", "Report a validation", _TAKEN, body=ReportBody.__name__
    ),
    Operation("post", "/api/v1/alerts", "Send an alert", _TAKEN, body=AlertBody.__name__),
    Operation("get", _DOCUMENT, "Read this document", {"type": "object"}),
)
"""Every route of the API, in the order of its documentation."""

"""Receive reports and alerts from workflow runs, each with a token that names its run.

Anybody may call these routes: the token is what proves who does. It is looked at before the body
is. Who is refused hears why; the log has it too, but never the token.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec
from flask import Blueprint, Response, request
from werkzeug.http import parse_options_header

from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reporters import Reporter, Submission
from gate.domain.model.reports import AlertReport, FlowStatus, ValidationReport
from gate.errors import ReportRejected
from gate.log import get_logger
from gate.store.engine.database import Snapshot
from gate.store.reports.reports import read_alerts, read_report
from gate.web.api.bodies import MOST_PROBLEMS, BodyProblem, parse_alert, parse_validation
from gate.web.api.queries import json_answer, parse_number
from gate.web.api.readers import answer_readers, visible_to_reader
from gate.web.deps import WebDeps
from gate.web.limits import LONGEST_REPORT
from gate.web.problems import problem

_JSON: Final = "application/json"
_BEARER: Final = "bearer"
_MOST_ATTEMPT: Final = 2**31 - 1

_FORBIDDEN: Final = frozenset(
    {"fork_context", "repository_not_installed", "workflow_not_in_policy"}
)
_CONFLICTS: Final = frozenset({"report_conflict", "alert_conflict", "too_many_alerts"})

Parse = Callable[[bytes, Reporter, datetime], ValidationReport | AlertReport | list[BodyProblem]]

log = get_logger(__name__)


def reports_api(deps: WebDeps) -> Blueprint:
    """Build the routes that workflow runs post to."""
    blueprint = Blueprint("reports", __name__, url_prefix="/api/v1")
    blueprint.register_error_handler(ReportRejected, _rejected)

    @blueprint.post("/validations")
    def validation() -> Response:
        return _take(deps, parse_validation)

    @blueprint.post("/alerts")
    def alert() -> Response:
        return _take(deps, parse_alert)

    @blueprint.after_request
    def count(response: Response) -> Response:
        route = request.path.rstrip("/").rpartition("/")[2]
        deps.metrics.reports.labels(route, str(response.status_code)).inc()
        return response

    return blueprint


def attempts_api(deps: WebDeps) -> Blueprint:
    """Build the route that shows what a run attempt has reported."""
    blueprint = Blueprint("attempts", __name__, url_prefix="/api/v1")
    answer_readers(blueprint, deps)

    @blueprint.get("/validations/<repository_id>/<run_id>/<run_attempt>")
    def reported(repository_id: str, run_id: str, run_attempt: str) -> Response:
        numbers = [parse_number(it) for it in (repository_id, run_id, run_attempt)]
        visible = visible_to_reader()
        found = deps.database.read(lambda snapshot: _reported(snapshot, numbers, visible))
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, "not_found", "nothing was reported for this")
        return json_answer(found)

    return blueprint


def _take(deps: WebDeps, parse: Parse) -> Response:
    """Take a body by its sender's token; the identical body again is taken again."""
    if (request.content_length or 0) > LONGEST_REPORT:
        detail = f"at most {LONGEST_REPORT} bytes"
        return _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)
    if parse_options_header(request.headers.get("Content-Type", ""))[0].lower() != _JSON:
        return _refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong_content_type", f"send {_JSON}")
    reporter = deps.verify_token(_token())
    body = request.get_data(cache=False, parse_form_data=False)
    handed_in = parse(body, reporter, deps.clock())
    if isinstance(handed_in, list):
        return _invalid(handed_in, reporter)
    deps.receive(Submission(reporter, handed_in))
    place = f"{reporter.repository_id}/{reporter.run_id}/{reporter.run_attempt}"
    url = f"{deps.public_url}/api/v1/validations/{place}"
    answer = {"url": url}
    if isinstance(handed_in, AlertReport):
        names_failed = any(flow.status is FlowStatus.FAILED for flow in handed_in.flows)
        answer["peopleAreAlerted"] = "at_once" if names_failed else "when_the_run_has_ended"
    response = json_answer(answer)
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Location"] = url
    return response


def _token() -> str:
    """Take the token out of the header; raises ReportRejected when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != _BEARER or not token.strip():
        raise ReportRejected("missing_token", "send Authorization: Bearer with the run's token")
    return token.strip()


def _rejected(error: ReportRejected) -> Response:
    if error.reason in _CONFLICTS:
        return _refuse(HTTPStatus.CONFLICT, error.reason, error.detail)
    if error.reason in _FORBIDDEN:
        return _refuse(HTTPStatus.FORBIDDEN, error.reason, error.detail)
    response = _refuse(HTTPStatus.UNAUTHORIZED, error.reason, error.detail)
    # RFC 6750, section 3: without a token there is no error to name.
    wrong = "" if error.reason == "missing_token" else ', error="invalid_token"'
    response.headers["WWW-Authenticate"] = f'Bearer realm="deployment-gate"{wrong}'
    return response


def _refuse(status: HTTPStatus, reason: str, detail: str) -> Response:
    log.info("report.refused", route=request.path, reason=reason, detail=detail)
    return problem(status, reason, detail)


def _invalid(problems: list[BodyProblem], reporter: Reporter) -> Response:
    """List what is wrong with a body, all of it as far as there is room."""
    log.info(
        "report.refused",
        route=request.path,
        reason="invalid_body",
        detail=f"{len(problems)} problems",
        repository_id=reporter.repository_id,
        run_id=reporter.run_id,
    )
    left = len(problems) - MOST_PROBLEMS
    more = f", the first {MOST_PROBLEMS} of them listed" if left > 0 else ""
    detail = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}{more}"
    listed = msgspec.to_builtins(problems[:MOST_PROBLEMS])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_body", detail, problems=listed)


def _reported(
    snapshot: Snapshot, numbers: list[int | None], visible: Visible
) -> dict[str, object] | None:
    """Read what an attempt has reported; None when nothing was, or when it may not be seen."""
    repository_id, run_id, attempt = numbers
    if repository_id is None or run_id is None or attempt is None or attempt > _MOST_ATTEMPT:
        return None
    if not visible.includes(repository_id):
        return None
    key = RepositoryId(repository_id), RunId(run_id), attempt
    report, alerts = read_report(snapshot, *key), read_alerts(snapshot, *key)
    if report is None and not alerts:
        return None
    return {"report": msgspec.to_builtins(report), "alerts": msgspec.to_builtins(alerts)}

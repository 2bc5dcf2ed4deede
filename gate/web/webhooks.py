"""Take GitHub's webhooks: check, store, acknowledge.

The order matters. The signature is checked over the raw bytes before anything is parsed, and the
answer is given after the delivery is durable: what was answered with 202 is never lost. What could
not be stored is answered with 503, so that GitHub lists it as failed and it can be asked for again.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from time import perf_counter
from typing import Final
from urllib.parse import parse_qs

import msgspec
from flask import Blueprint, Response, request

from gate.domain.ids import DeliveryId
from gate.errors import DeliveryRejected, RetryLater
from gate.log import get_logger
from gate.store.inbox import NewDelivery, Reception, record_delivery
from gate.web.deps import WebDeps
from gate.web.problems import busy, problem

LONGEST_BODY: Final = 25 * 1024 * 1024
"""GitHub delivers no larger payload (docs: Webhook events and payloads)."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_STATUS: Final = {
    "missing_signature": HTTPStatus.UNAUTHORIZED,
    "bad_signature": HTTPStatus.UNAUTHORIZED,
    "missing_header": HTTPStatus.BAD_REQUEST,
    "malformed": HTTPStatus.BAD_REQUEST,
    "wrong_content_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

log = get_logger(__name__)


def webhooks(deps: WebDeps) -> Blueprint:
    """Make the webhook's route."""
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post("/webhooks/github")
    def receive() -> Response:
        started = perf_counter()
        try:
            delivery = _read(deps)
            if delivery.event not in deps.events:
                deps.metrics.deliveries.labels("ignored").inc()
                return _acknowledged(HTTPStatus.OK, "ignored")
            reception = deps.database.transact(lambda tx: record_delivery(tx, delivery))
        except DeliveryRejected as error:
            return _refused(deps, error)
        except RetryLater as error:
            deps.record_gap()
            deps.metrics.deliveries.labels("not_stored").inc()
            log.error("delivery.not_stored", reason=error.reason, detail=error.detail)  # noqa: TRY400 - the detail says it all
            return busy(error)
        deps.wake_delivery(delivery.id)
        deps.metrics.deliveries.labels(reception.value).inc()
        deps.metrics.stored_seconds.observe(perf_counter() - started)
        if reception is Reception.KNOWN:
            return _acknowledged(HTTPStatus.OK, "known")
        log.info("delivery.accepted", delivery_id=delivery.id, observed_event=delivery.event)
        return _acknowledged(HTTPStatus.ACCEPTED, "stored")

    return blueprint


def _read(deps: WebDeps) -> NewDelivery:
    """Check a delivery from the outside in; raises DeliveryRejected at the first fault."""
    form = _is_form()
    body = request.get_data(cache=False, parse_form_data=False)
    if len(body) > LONGEST_BODY:
        raise DeliveryRejected("too_large")
    deps.check_signature(body, request.headers.get("X-Hub-Signature-256"))
    event, delivery_id = _header("X-GitHub-Event"), _header("X-GitHub-Delivery")
    return NewDelivery(
        id=DeliveryId(delivery_id),
        event=event,
        received_at=deps.clock(),
        body=_json(_payload(body) if form else body),
    )


def _is_form() -> bool:
    """Tell a form from JSON; anything else is refused."""
    kind = request.mimetype
    if kind == _FORM:
        return True
    if kind != _JSON:
        raise DeliveryRejected("wrong_content_type")
    return False


def _header(name: str) -> str:
    value = request.headers.get(name)
    if value is None:
        raise DeliveryRejected("missing_header", name)
    if _NAME.fullmatch(value) is None:
        raise DeliveryRejected("malformed", name)
    return value


def _payload(form: bytes) -> bytes:
    """Take the JSON out of a form's `payload` field."""
    try:
        fields = parse_qs(form.decode("ascii"), max_num_fields=16, strict_parsing=True)
        return fields["payload"][0].encode()
    except (ValueError, KeyError):
        raise DeliveryRejected("malformed", "the form has no readable field `payload`") from None


def _json(body: bytes) -> bytes:
    """Refuse what is no JSON object; what is in it, the worker reads."""
    try:
        _object.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DeliveryRejected("malformed", "the body is no JSON object") from None
    return body


def _acknowledged(status: HTTPStatus, outcome: str) -> Response:
    return Response(msgspec.json.encode({"outcome": outcome}), status.value, content_type=_JSON)


def _refused(deps: WebDeps, error: DeliveryRejected) -> Response:
    deps.metrics.deliveries.labels(error.reason).inc()
    log.warning("delivery.refused", reason=error.reason, detail=error.detail)
    return problem(_STATUS[error.reason], error.reason, error.detail)

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
from structlog.contextvars import bound_contextvars

from gate.domain.ids import DeliveryId
from gate.errors import DeliveryRejected, RetryLater
from gate.log import get_logger
from gate.store.inbox import NewDelivery, Reception, record_delivery
from gate.web.deps import WebDeps
from gate.web.problems import busy, problem

LONGEST_BODY: Final = 25 * 1024 * 1024
"""GitHub delivers no larger payload (docs: Webhook events and payloads)."""

_EVENT: Final = ("X-GitHub-Event", re.compile(r"[a-z0-9_]{1,64}"))
_DELIVERY: Final = ("X-GitHub-Delivery", re.compile(r"[A-Za-z0-9-]{1,64}"))
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
# Only the outermost object is built; what stands in it is skipped over.
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

log = get_logger(__name__)


def webhooks(deps: WebDeps) -> Blueprint:
    """Make the webhook's route."""
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post("/webhooks/github")
    def receive() -> Response:
        try:
            delivery = _read(deps)
        except DeliveryRejected as error:
            return _refused(deps, error)
        if delivery.event not in deps.events:
            deps.metrics.deliveries.labels("ignored").inc()
            return _acknowledged(HTTPStatus.OK, "ignored")
        with bound_contextvars(delivery_id=delivery.id, observed_event=delivery.event):
            return _store(deps, delivery)

    return blueprint


def _store(deps: WebDeps, delivery: NewDelivery) -> Response:
    """Make a delivery durable, then say so; the worker is woken after the commit."""
    try:
        reception = deps.database.transact(lambda tx: record_delivery(tx, delivery))
    except Exception as error:  # noqa: BLE001  # whatever it was, the delivery is not stored, and GitHub must know
        return _not_stored(deps, error)
    deps.wake_delivery(delivery.id)
    deps.metrics.deliveries.labels(reception.value).inc()
    deps.metrics.stored_seconds.observe(perf_counter() - _received())
    if reception is Reception.KNOWN:
        return _acknowledged(HTTPStatus.OK, "known")
    log.info("delivery.accepted")
    return _acknowledged(HTTPStatus.ACCEPTED, "stored")


def _not_stored(deps: WebDeps, error: Exception) -> Response:
    deps.record_gap()
    deps.metrics.deliveries.labels("not_stored").inc()
    if isinstance(error, RetryLater):
        log.error("delivery.not_stored", reason=error.reason, detail=error.detail)
        return busy(error)
    log.error("delivery.not_stored", reason="bug", exc_info=error)
    return busy(RetryLater("not_stored"))


def _received() -> float:
    """Tell when the body was complete, or where no shell took it, when the route began."""
    received = request.environ.get("gate.received")
    return received if isinstance(received, float) else perf_counter()


def _read(deps: WebDeps) -> NewDelivery:
    """Check a delivery from the outside in; raises DeliveryRejected at the first fault."""
    if (request.content_length or 0) > LONGEST_BODY:
        raise DeliveryRejected("too_large")
    form = _is_form()
    body = request.get_data(cache=False, parse_form_data=False)
    deps.check_signature(body, request.headers.get("X-Hub-Signature-256"))
    event, delivery_id = _header(*_EVENT), _header(*_DELIVERY)
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
        raise DeliveryRejected("wrong_content_type", f"send {_JSON}")
    return False


def _header(name: str, form: re.Pattern[str]) -> str:
    value = request.headers.get(name)
    if value is None:
        raise DeliveryRejected("missing_header", name)
    if form.fullmatch(value) is None:
        raise DeliveryRejected("malformed", name)
    return value


def _payload(form: bytes) -> bytes:
    """Take the JSON out of a form's `payload` field."""
    try:
        fields = parse_qs(
            form.decode("ascii"), max_num_fields=16, strict_parsing=True, errors="strict"
        )
        return fields["payload"][0].encode()
    except (ValueError, KeyError):
        raise DeliveryRejected("malformed", "the form has no readable field `payload`") from None


def _json(body: bytes) -> bytes:
    """Refuse what is no JSON object; what is in it, the worker reads.

    Skipped texts are not decoded by the parser, so that the body is, to be sure that it is UTF-8.
    """
    try:
        _object.decode(body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DeliveryRejected("malformed", "the body is no JSON object") from None
    return body


def _acknowledged(status: HTTPStatus, outcome: str) -> Response:
    return Response(msgspec.json.encode({"outcome": outcome}), status.value, content_type=_JSON)


def _refused(deps: WebDeps, error: DeliveryRejected) -> Response:
    """Say why; the log has the delivery's id too, as far as it can be one."""
    deps.metrics.deliveries.labels(error.reason).inc()
    name, form = _DELIVERY
    claimed = request.headers.get(name, "")
    delivery_id = claimed if form.fullmatch(claimed) else None
    log.info("delivery.refused", reason=error.reason, detail=error.detail, delivery_id=delivery_id)
    return problem(_STATUS[error.reason], error.reason, error.detail)

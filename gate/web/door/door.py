"""Check a webhook, store it, acknowledge it.

The order matters. The signature is checked over the raw bytes before anything is parsed, and the
answer is given after the delivery is durable: what was answered with 202 is never lost. What could
not be stored is answered with 503, so that GitHub lists it as failed and it can be asked for again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Final
from urllib.parse import parse_qs

import msgspec
from werkzeug.http import parse_options_header

from gate.domain.model.ids import DeliveryId
from gate.errors import DeliveryRejected, RetryLater
from gate.log import get_logger
from gate.store.engine.database import Transaction
from gate.store.inbox.deliveries import NewDelivery, Reception, record_delivery
from gate.traces.names import Attribute, SpanName
from gate.web.deps import WebDeps
from gate.web.door.bridge import Answer
from gate.web.door.deferred_answers import Answers
from gate.web.door.refusals import answer_busy, answer_problem
from gate.web.limits import LONGEST_WEBHOOK

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
# Only the outermost object is built; what is in it is skipped.
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """A webhook whose body has been read in whole.

    The names of `headers` are in lower case. `received` is the reading of `perf_counter` when the
    body was complete.
    """

    headers: Mapping[str, str]
    body: bytes
    received: float


class Door:
    """Checks and stores deliveries, from the ASGI shell or from Flask."""

    def __init__(self, deps: WebDeps) -> None:
        """Take what to work with; no state is held here."""
        self._deps = deps
        outcomes = ("ignored", "not_stored", *Reception, *_STATUS)
        self._counts = {name: deps.metrics.deliveries.labels(name) for name in outcomes}

    def take(self, post: Post) -> Answer:
        """Answer a webhook; waits until it is durable."""
        delivery = self._examine(post)
        if isinstance(delivery, Answer):
            return delivery
        try:
            reception = self._deps.database.transact(lambda tx: record_delivery(tx, delivery))
        except Exception as error:  # noqa: BLE001  # whatever it was, the delivery is not stored, and GitHub must know
            return self._not_stored(delivery, post, error)
        return self._stored(delivery, post, reception)

    def take_later(self, post: Post, answers: Answers) -> Answer | asyncio.Future[Answer]:
        """Answer a webhook as soon as it is durable, without waiting here; called in a loop."""
        delivery = self._examine(post)
        if isinstance(delivery, Answer):
            return delivery

        def work(tx: Transaction) -> Reception:
            return record_delivery(tx, delivery)

        def finish(reception: Reception | None, failure: BaseException | None) -> Answer:
            if reception is None:
                return self._not_stored(delivery, post, failure)
            return self._stored(delivery, post, reception)

        try:
            return answers.owe(self._deps.database, work, finish)
        except Exception as error:  # noqa: BLE001  # as above
            return self._not_stored(delivery, post, error)

    def refuse(self, error: DeliveryRejected, headers: Mapping[str, str]) -> Answer:
        """Answer with the reason; the log has the delivery's id too, if it is a valid one."""
        self._counts[error.reason].inc()
        name, form = _DELIVERY
        claimed = headers.get(name.lower(), "")
        delivery_id = claimed if form.fullmatch(claimed) else None
        log.info(
            "delivery.refused", reason=error.reason, detail=error.detail, delivery_id=delivery_id
        )
        return answer_problem(_STATUS[error.reason], error.reason, error.detail)

    def _examine(self, post: Post) -> NewDelivery | Answer:
        """Return what is to be stored, or the answer when there is nothing."""
        try:
            delivery = self._read(post)
        except DeliveryRejected as error:
            return self.refuse(error, post.headers)
        if delivery.event not in self._deps.events:
            self._counts["ignored"].inc()
            return _acknowledged(HTTPStatus.OK, "ignored")
        return delivery

    def _read(self, post: Post) -> NewDelivery:
        """Check a delivery from the outside in; raises DeliveryRejected at the first fault."""
        if len(post.body) > LONGEST_WEBHOOK:
            raise DeliveryRejected("too_large")
        form = _is_form(post.headers.get("content-type", ""))
        self._deps.check_signature(post.body, post.headers.get("x-hub-signature-256"))
        event, delivery_id = _header(post, *_EVENT), _header(post, *_DELIVERY)
        return NewDelivery(
            id=DeliveryId(delivery_id),
            event=event,
            received_at=self._deps.clock(),
            body=_json(_payload(post.body) if form else post.body),
        )

    def _stored(self, delivery: NewDelivery, post: Post, reception: Reception) -> Answer:
        """Acknowledge what is durable."""
        deps = self._deps
        self._counts[reception].inc()
        deps.metrics.stored_seconds.observe(perf_counter() - post.received)
        self._trace(delivery, post, reception.value)
        if reception is Reception.KNOWN:
            return _acknowledged(HTTPStatus.OK, "known")
        about = {"delivery_id": delivery.id, "observed_event": delivery.event}
        log.info("delivery.accepted", **about, **deps.traces.fields(delivery.id))
        return _acknowledged(HTTPStatus.ACCEPTED, "stored")

    def _not_stored(self, delivery: NewDelivery, post: Post, error: BaseException | None) -> Answer:
        self._deps.record_gap()
        self._counts["not_stored"].inc()
        self._trace(delivery, post, "not_stored")
        about = {"delivery_id": delivery.id, "observed_event": delivery.event}
        if isinstance(error, RetryLater):
            log.error("delivery.not_stored", reason=error.reason, detail=error.detail, **about)
            return answer_busy(error)
        log.error("delivery.not_stored", reason="bug", exc_info=error, **about)
        return answer_busy(RetryLater("not_stored"))

    def _trace(self, delivery: NewDelivery, post: Post, outcome: str) -> None:
        """Begin the delivery's trace, or add to it when GitHub sends the delivery again."""
        traces = self._deps.traces
        if traces.is_on:
            traces.record(
                SpanName.WEBHOOK,
                delivery.id,
                post.received,
                {
                    Attribute.DELIVERY_ID: delivery.id,
                    Attribute.EVENT: delivery.event,
                    Attribute.OUTCOME: outcome,
                },
                is_first=outcome == Reception.STORED,
            )


def _is_form(content_type: str) -> bool:
    """Check whether a body is a form and not JSON; anything else is refused."""
    kind = content_type
    if kind != _JSON:
        kind = parse_options_header(content_type)[0].lower()
    if kind == _FORM:
        return True
    if kind != _JSON:
        raise DeliveryRejected("wrong_content_type", f"send {_JSON}")
    return False


def _header(post: Post, name: str, form: re.Pattern[str]) -> str:
    value = post.headers.get(name.lower())
    if value is None:
        raise DeliveryRejected("missing_header", name)
    if form.fullmatch(value) is None:
        raise DeliveryRejected("malformed", name)
    return value


def _payload(form: bytes) -> bytes:
    """Return the JSON in a form's `payload` field."""
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


def _acknowledged(status: HTTPStatus, outcome: str) -> Answer:
    body = msgspec.json.encode({"outcome": outcome})
    return Answer(status.value, [(b"content-type", _JSON.encode())], body)

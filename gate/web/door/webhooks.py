"""Take GitHub's webhooks through Flask: where no server hands them to the door directly."""

from __future__ import annotations

from time import perf_counter
from typing import Final

from flask import Blueprint, Response, request

from gate.errors import DeliveryRejected
from gate.web.door.bridge import Answer
from gate.web.door.door import Door, Post
from gate.web.limits import LONGEST_WEBHOOK

PATH: Final = "/webhooks/github"


def webhooks(door: Door) -> Blueprint:
    """Build the webhook's route."""
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post(PATH)
    def receive() -> Response:
        received = _received()
        headers = {name.lower(): value for name, value in request.headers}
        if (request.content_length or 0) > LONGEST_WEBHOOK:
            return _response(door.refuse(DeliveryRejected("too_large"), headers))
        body = request.get_data(cache=False, parse_form_data=False)
        return _response(door.take(Post(headers, body, received)))

    return blueprint


def _received() -> float:
    """Return when the body was complete or, without the shell, when the route began."""
    received = request.environ.get("gate.received")
    return received if isinstance(received, float) else perf_counter()


def _response(answer: Answer) -> Response:
    headers = [(name.decode(), value.decode()) for name, value in answer.headers]
    return Response(answer.body, answer.status, headers)

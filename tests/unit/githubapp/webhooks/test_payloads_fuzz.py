"""No bytes at all make the reading of a delivery fail in any but the one way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from gate.domain.model.deliveries import RuleRequested
from gate.errors import DeliveryRejected
from gate.githubapp.webhooks.payloads import ALWAYS_SENT, PARSED_EVENTS, PayloadParser
from tests.support.deliveries import (
    API_URL,
    Payload,
    make_check_run,
    make_check_suite,
    make_comment,
    make_delivery,
    make_installation,
    make_issue_change,
    make_pull_request,
    make_review,
    make_rule,
    make_run,
    make_status,
)

PARSER = PayloadParser(API_URL)
EVENTS = sorted(PARSED_EVENTS | ALWAYS_SENT)
VALID = {
    "check_run": make_check_run(),
    "check_suite": make_check_suite(),
    "deployment_protection_rule": make_rule(),
    "deployment_review": make_review(),
    "deployment_status": make_status(),
    "installation": make_installation(),
    "installation_repositories": make_installation(action="added"),
    "issue_comment": make_comment(),
    "issues": make_issue_change(),
    "pull_request": make_pull_request(),
    "push": make_delivery(ref="refs/heads/main"),
    "workflow_run": make_delivery(action="completed", workflow_run=make_run()),
}

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.sampled_from([0, -1, 2**31, 2**63 - 1, 2**63, 10**30]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["", "\0", "a\0b", "..", "../..", "refs/heads/", "completed", "deleted"]),
    st.datetimes(timezones=st.timezones()).map(lambda it: it.isoformat()),
    st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]),
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def read(event: str, body: bytes) -> None:
    """Read a delivery; the only error is the one that the inbox expects."""
    reason = ""
    try:
        check_storable(PARSER.parse(event, body))
    except DeliveryRejected as error:
        reason = error.reason
    assert reason in {"", "malformed", "foreign_callback"}


def check_storable(value: object) -> None:
    """Whatever is seen can be kept in a database: no NUL, no id beyond 64 bits, times in UTC."""
    if isinstance(value, str):
        assert "\0" not in value
        value.encode()
    elif isinstance(value, int) and not isinstance(value, bool):
        assert 0 < value < 2**63
    elif isinstance(value, tuple):
        for item in value:
            check_storable(item)
    elif hasattr(value, "utcoffset"):
        assert value.utcoffset() == timedelta(0)
    elif value is not None and not isinstance(value, bool):
        for name in type(value).__slots__:  # type: ignore[attr-defined]  # observations have slots
            check_storable(getattr(value, name))


def paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List every place in a payload."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*path, key))
    return found


def replaced(value: Payload, path: tuple[Any, ...], new: object) -> Payload:
    """Put something else into one place of a payload."""
    key, *rest = path
    inner = replaced(value[key], tuple(rest), new) if rest else new
    return value | {key: inner}


PLACES = [(event, path) for event in EVENTS for path in paths(VALID[event])]


def test_the_valid_payloads_are_valid() -> None:
    """What is changed below begins as something that is read."""
    for event in EVENTS:
        PARSER.parse(event, msgspec.json.encode(VALID[event]))


@given(event=st.sampled_from(EVENTS), body=st.binary())
def test_any_bytes(event: str, body: bytes) -> None:
    """Bytes are read or refused."""
    read(event, body)


@given(event=st.text(), body=st.binary(max_size=20))
def test_any_event(event: str, body: bytes) -> None:
    """An event GitHub may invent is nothing to us."""
    read(event, body)


@given(event=st.sampled_from(EVENTS), value=_JSON)
def test_any_json(event: str, value: object) -> None:
    """JSON of any shape is read or refused."""
    read(event, msgspec.json.encode(value))


@given(place=st.sampled_from(PLACES), value=_JSON)
@example(place=("workflow_run", ("workflow_run", "run_started_at")), value="0001-01-01T00:00+14:00")
@example(place=("push", ("ref",)), value="refs/heads/\0")
@example(place=("workflow_run", ("workflow_run", "display_title")), value="a\0")
def test_any_value_in_any_place(place: tuple[str, tuple[Any, ...]], value: object) -> None:
    """One field of a real payload may hold anything; what is then read can still be stored."""
    event, path = place
    read(event, msgspec.json.encode(replaced(VALID[event], path, value)))


@given(event=st.sampled_from(EVENTS), data=st.data())
def test_damaged_payloads(event: str, data: st.DataObject) -> None:
    """A real payload with a few bytes cut out or replaced is read or refused."""
    body = bytearray(msgspec.json.encode(VALID[event]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        end = at + data.draw(st.integers(0, 8))
        body[at:end] = data.draw(st.binary(max_size=4))
    read(event, bytes(body))


@given(url=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_callback(url: str) -> None:
    """A callback URL may be any text; a run id is read from ours alone."""
    body = msgspec.json.encode(make_rule(deployment_callback_url=url))
    try:
        seen = PARSER.parse("deployment_protection_rule", body)
    except DeliveryRejected:
        return
    assert isinstance(seen, RuleRequested)
    assert url.casefold().startswith(f"{API_URL}/repos/".casefold())

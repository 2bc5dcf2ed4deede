"""Build overrides of the default request."""

from __future__ import annotations

from typing import Any

from gate.domain.model.ids import (
    RunId,
)
from gate.domain.model.overrides import OverrideChannel, OverrideClaim, OverrideRecord, Standing
from gate.domain.model.runs import Account
from tests.support.builders.defaults import ENVIRONMENT, SHA, before
from tests.support.builders.runs import make_account


def make_claim(**changes: Any) -> OverrideClaim:
    """Make what somebody said to release the default request, half a minute ago: nothing is wrong.

    `key` follows `person` and `channel` unless given.
    """
    person = changes.get("person", make_account("hubot", id=4711))
    channel = changes.get("channel", OverrideChannel.REVIEW)
    values: dict[str, Any] = {
        "key": f"{channel}/601/{person.id}",
        "channel": channel,
        "person": person,
        "is_person": True,
        "rationale": "The checkout is not touched by this. I accept the risk.",
        "given_at": before(seconds=30),
        "run_id": RunId(601),
        "run_attempt": 1,
        "head_sha": SHA,
        "environment": ENVIRONMENT,
        "url": None,
        "received_at": None,
    }
    return OverrideClaim(**values | changes)


def make_standing(
    person: Account | None = None, *, may: bool = True, detail: str = "permission:admin"
) -> Standing:
    """Make the answer that the person of the default claim may override."""
    return Standing((person or make_claim().person).id, may, detail)


def make_record(*claims: OverrideClaim) -> OverrideRecord:
    """Make the record of an override; without claims, of the default one."""
    return OverrideRecord(claims or (make_claim(),))

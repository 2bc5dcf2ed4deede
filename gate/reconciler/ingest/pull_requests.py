"""Record that the policy of a pull request is to be looked at, or looked at again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gate.domain.model.deliveries import CheckRequested, PullRequestChanged
from gate.store.engine.database import Transaction
from gate.store.github import repositories
from gate.store.policy_checks.checks import want_again, want_again_at, want_check

_LONGEST_NUMBER: Final = 18
"""Digits of a number that a database's column can hold."""


def record_pull_request(
    tx: Transaction, seen: PullRequestChanged | CheckRequested, now: datetime
) -> None:
    """Have a pull request looked at; what we wrote into a check of ours names its request."""
    repository_id = seen.repository.id
    if isinstance(seen, PullRequestChanged):
        repositories.record_repository(tx, seen.repository)
        want_check(tx, repository_id, seen.number, now)
    elif seen.external_id is None:
        want_again_at(tx, repository_id, seen.head_sha, now)
    else:
        number = seen.external_id.partition("/")[0]
        if number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER:
            want_again(tx, repository_id, int(number), now)

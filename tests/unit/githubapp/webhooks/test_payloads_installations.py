"""Installations: what they may do, what they gained and what they lost."""

from __future__ import annotations

import pytest

from gate.domain.model.deliveries import (
    InstallationSeen,
    InstallationStatus,
    Observation,
    Repository,
)
from gate.domain.model.ids import AccountId, InstallationId, RepositoryId
from gate.domain.model.runs import Account
from gate.githubapp.webhooks.payloads import PayloadParser
from tests.support.deliveries import (
    API_URL,
    Payload,
    encode,
    make_installation,
)

PARSER = PayloadParser(API_URL)
OWNER = Account(AccountId(60_000_001), "octo-org")
INSTALLATION = InstallationId(95_000_001)


def parse(event: str, payload: Payload) -> Observation:
    """Read a delivery that is valid JSON."""
    return PARSER.parse(event, encode(payload))


LISTED = [{"id": 1, "full_name": "octo-org/a"}, {"id": 2, "full_name": "octo-org/b"}]
GAINED = (
    Repository(RepositoryId(1), INSTALLATION, "octo-org/a", OWNER, None),
    Repository(RepositoryId(2), INSTALLATION, "octo-org/b", OWNER, None),
)
ACTIVE, SUSPENDED = InstallationStatus.ACTIVE, InstallationStatus.SUSPENDED
DELETED = InstallationStatus.DELETED


@pytest.mark.parametrize(
    ("payload", "status", "gained", "removed"),
    [
        ({"repositories": LISTED}, ACTIVE, GAINED, ()),
        ({"action": "added", "repositories_added": LISTED}, ACTIVE, GAINED, ()),
        ({"action": "removed", "repositories_removed": LISTED}, ACTIVE, (), (1, 2)),
        ({"action": "new_permissions_accepted"}, ACTIVE, (), ()),
        ({"action": "unsuspend"}, ACTIVE, (), ()),
        ({"action": "suspend", "suspended_at": "2026-11-23T15:00:00Z"}, SUSPENDED, (), ()),
        ({"action": "added", "suspended_at": "2026-11-23T15:00:00Z"}, SUSPENDED, (), ()),
        ({"action": "deleted", "repositories": LISTED}, DELETED, (), ()),
        (
            {"action": "deleted", "suspended_at": "2026-11-23T15:00:00Z"},
            DELETED,
            (),
            (),
        ),
    ],
)
def test_an_installation_is_read(
    payload: Payload,
    status: InstallationStatus,
    gained: tuple[Repository, ...],
    removed: tuple[int, ...],
) -> None:
    """What it may do, what it gained and what it lost; a suspended one stays suspended."""
    seen = parse("installation", make_installation(**payload))
    assert seen == InstallationSeen(
        INSTALLATION, OWNER, status, gained, tuple(RepositoryId(it) for it in removed)
    )


def test_an_enterprise_is_called_by_its_slug() -> None:
    """Apps are installed on enterprises too, which have no login."""
    seen = parse("installation", make_installation(account={"id": 7, "slug": "octo-corp"}))
    assert isinstance(seen, InstallationSeen)
    assert seen.account == Account(AccountId(7), "octo-corp")

"""Ask GitHub who a person is and which repositories they may see, with the person's own token."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from gate.clock import Clock
from gate.domain.model.access import Visible
from gate.domain.model.ids import AccountId, RepositoryId
from gate.domain.model.runs import Account
from gate.errors import Refused
from gate.githubapp.shapes.accounts import PersonShape
from gate.githubapp.shapes.fields import Aware, Id
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.decoding import decoded
from gate.githubapp.transport.errors import Unauthorized
from gate.githubapp.transport.transport import Call, Transport

T = TypeVar("T")

MOST_PAGES: Final = 100
"""Pages that are read for one answer: 10,000 repositories, or fewer in many installations."""

_PAGE: Final = "per_page=100"


class InstallationShape(msgspec.Struct):
    """An installation that the person can reach."""

    id: Id
    suspended_at: Aware | None = None


class InstallationsShape(msgspec.Struct):
    """One page of installations."""

    installations: list[InstallationShape]


class RepositoryShape(msgspec.Struct):
    """A repository that the person may read."""

    id: Id


class RepositoriesShape(msgspec.Struct):
    """One page of repositories."""

    repositories: list[RepositoryShape]


_person: Final = msgspec.json.Decoder(PersonShape)
_installations: Final = msgspec.json.Decoder(InstallationsShape)
_repositories: Final = msgspec.json.Decoder(RepositoriesShape)


class UserClient:
    """What people may see; any thread may use it. Limits are kept token by token."""

    def __init__(self, api_url: str, clock: Clock, *, timeout: int) -> None:
        """Prepare; nothing is called before it is needed. `timeout` is in seconds."""
        self._transport = Transport(api_url, clock, timeout=timeout)

    def close(self) -> None:
        """Hang up on GitHub; a later call connects again."""
        self._transport.close()

    def read_person(self, token: str) -> Account:
        """Read whose token it is.

        Raises Refused when GitHub does not accept the token, RetryLater when it does not answer.
        """
        answer = _call(self._transport, "/user", token)
        shape = decoded(answer, _person)
        return Account(AccountId(shape.id), shape.login)

    def read_visible(self, token: str) -> Visible:
        """Read which repositories of the App's installations a person may see, by id.

        An installation that shuts the person out, such as by its IP allow list, adds none. Raises
        as `read_person`.
        """
        pages = _Pages(self._transport, token)
        found: set[RepositoryId] = set()
        for listed in pages.read("/user/installations", _installations):
            for installation in listed.installations:
                if installation.suspended_at is not None:
                    continue
                path = f"/user/installations/{installation.id}/repositories"
                try:
                    for page in pages.read(path, _repositories):
                        found.update(RepositoryId(it.id) for it in page.repositories)
                except Refused as error:
                    if error.reason == "sign_in_refused":
                        raise
        return Visible(frozenset(found))


class _Pages:
    """Listings read for one answer, with a bound on their pages together."""

    def __init__(self, transport: Transport, token: str) -> None:
        self._transport = transport
        self._token = token
        self._left = MOST_PAGES

    def read(self, path: str, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
        """Iterate a listing page by page, as long as there are pages left to read."""
        following: str | None = f"{path}?{_PAGE}"
        while following is not None and self._left > 0:
            self._left -= 1
            answer = _call(self._transport, following, self._token)
            yield decoded(answer, decoder)
            following = self._transport.next_page(answer)


def _call(transport: Transport, path: str, token: str) -> Answer:
    """Call with a person's token, on that person's quota."""
    try:
        return transport.call(Call("GET", path), token, _quota_of(token))
    except Unauthorized as error:
        raise Refused("sign_in_refused", error.detail) from None


def _quota_of(token: str) -> int:
    """Return which limit a token counts against: one person who used up theirs stops nobody else.

    They are numbered so that what the limiter remembers stays small.
    """
    return int.from_bytes(sha256(token.encode()).digest()[:2])

"""Read the App itself from GitHub: its registration, installations and webhook deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec

from gate.domain.limits.spending import Spending
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import HookDelivery, Installation
from gate.domain.model.ids import InstallationId
from gate.errors import OutcomeUnknown, RetryLater
from gate.githubapp.app.session import Session
from gate.githubapp.app.shapes import (
    AppShape,
    HookConfigShape,
    HookDeliveryShape,
    RepositoriesPage,
    hook_delivery_of,
)
from gate.githubapp.app.tokens import Scope
from gate.githubapp.shapes.installations import InstallationShape, installations_of
from gate.githubapp.shapes.repositories import repository_of
from gate.githubapp.transport.decoding import decoded, time_of

_PAGE: Final = 100
_METADATA: Final = (("metadata", "read"),)

_app: Final = msgspec.json.Decoder(AppShape)
_hook: Final = msgspec.json.Decoder(HookConfigShape)
_installations: Final = msgspec.json.Decoder(list[InstallationShape])
_repositories: Final = msgspec.json.Decoder(RepositoriesPage)
_deliveries: Final = msgspec.json.Decoder(list[HookDeliveryShape])


class AppClient:
    """The App, as GitHub has it registered."""

    def __init__(self, session: Session) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = session
        self._known_id = session.app_id

    @property
    def known_id(self) -> int | None:
        """Return the App's numeric id; None when a client id is configured and nobody asked yet."""
        return self._known_id

    def own_id(self) -> int:
        """Return the App's numeric id, asking GitHub for it when a client id is configured."""
        if self._known_id is None:
            self._known_id = self.read_app().id
        return self._known_id

    @property
    def quota_left(self) -> Mapping[int | None, int]:
        """Return what is left of each installation's hourly quota; None is the App itself."""
        return self._session.limiter.quota_left()

    @property
    def spending(self) -> Spending:
        """Return what this process leased of GitHub's limits, and what had to wait."""
        return self._session.limiter.spending()

    def quota_of(self, installation_id: InstallationId) -> int | None:
        """Return an installation's hourly quota of calls, where GitHub has shown it."""
        return self._session.limiter.quota_of(installation_id)

    def read_app(self) -> AppShape:
        """Read what the App is registered with."""
        return decoded(self._session.call_as_app("GET", "/app"), _app)

    def read_time(self) -> datetime | None:
        """Read GitHub's clock, to the second; None when the answer has no date."""
        return time_of(self._session.call_as_app("GET", "/app").headers)

    def read_hook_url(self) -> str:
        """Read where the App's webhook goes."""
        return decoded(self._session.call_as_app("GET", "/app/hook/config"), _hook).url

    def read_installations(self) -> tuple[Installation, ...]:
        """Read the installations of the App."""
        path = f"/app/installations?per_page={_PAGE}"
        pages = self._session.pages_as_app(path, _installations)
        return tuple(it for page in pages for shape in page for it in installations_of(shape))

    def read_installation_repositories(self, installation: Installation) -> tuple[Repository, ...]:
        """Read the repositories an installation may see."""
        scope = Scope(installation.id, permissions=_METADATA)
        path = f"/installation/repositories?per_page={_PAGE}"
        pages = self._session.pages(scope, path, _repositories)
        return tuple(
            repository_of(it, installation.id) for page in pages for it in page.repositories
        )

    def read_hook_deliveries(self) -> Iterator[HookDelivery]:
        """Iterate GitHub's delivery log of the App's webhook, newest first, page by page."""
        path = f"/app/hook/deliveries?per_page={_PAGE}"
        for page in self._session.pages_as_app(path, _deliveries):
            yield from map(hook_delivery_of, page)

    def send_redelivery(self, number: int) -> None:
        """Request that GitHub deliver a webhook again, under the same delivery id.

        Asking twice does no harm, so a lost answer only means: ask later.
        """
        try:
            self._session.call_as_app("POST", f"/app/hook/deliveries/{number}/attempts")
        except OutcomeUnknown as error:
            raise RetryLater("github_unavailable", error.detail) from error

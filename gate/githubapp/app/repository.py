"""Call GitHub about one repository, with a token that is good for that repository alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self, TypeVar

import msgspec

from gate.domain.model.github import RepositoryAddress
from gate.errors import OutcomeUnknown, Refused
from gate.githubapp.app.session import Session
from gate.githubapp.app.tokens import Permissions, Scope
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.paths import repository_path
from gate.githubapp.transport.transport import Verb

T = TypeVar("T")

GATE: Final[Permissions] = (("actions", "read"), ("deployments", "write"))
"""What watching and answering need: one token serves both."""


@dataclass(frozen=True, slots=True)
class RepositoryCalls:
    """Calls with one token; paths are those below the repository, and begin with a slash."""

    session: Session
    scope: Scope
    full_name: str

    @classmethod
    def to(cls, address: RepositoryAddress, permissions: Permissions, session: Session) -> Self:
        """Return the calls to a repository; one token serves all with the same permissions."""
        scope = Scope(address.installation_id, address.repository_id, permissions=permissions)
        return cls(session, scope, address.full_name)

    def read(self, path: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Read; raises Refused("not_found") when GitHub finds nothing there."""
        return self.session.call(self.scope, "GET", self.path(path), headers=headers)

    def find(self, path: str) -> Answer | None:
        """Read; None when GitHub finds nothing there, or the name is none that it could find."""
        try:
            return self.read(path)
        except Refused as error:
            if error.reason == "not_found":
                return None
            raise

    def pages(self, path: str, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
        """Iterate a listing page by page."""
        return self.session.pages(self.scope, self.path(path), decoder)

    def send(
        self,
        verb: Verb,
        path: str,
        body: Mapping[str, object],
        *expected: HTTPStatus,
        is_timely: Callable[[], bool],
    ) -> Answer:
        """Write; any other success than one `expected` is not documented: OutcomeUnknown."""
        whole = self.path(path)
        answer = self.session.call(self.scope, verb, whole, body=body, is_timely=is_timely)
        if answer.status not in expected:
            raise OutcomeUnknown("outcome_unknown", f"status {answer.status} is not documented")
        return answer

    def path(self, below: str) -> str:
        """Return a whole path; raises Refused("not_found") for what cannot be a name."""
        return repository_path(self.full_name, below)

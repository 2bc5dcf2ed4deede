"""Name the things that GitHub and the gate count, so that no number passes for another.

Everything is keyed by GitHub's numeric ids. Names (`owner/name`, logins, branches) can be taken
over by someone else and are kept for display and for building paths only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

InstallationId = NewType("InstallationId", int)
RepositoryId = NewType("RepositoryId", int)
RunId = NewType("RunId", int)
DeploymentId = NewType("DeploymentId", int)
"""Below zero it stands for a job without a deployment; GitHub knows none of that number."""

CommentId = NewType("CommentId", int)
AccountId = NewType("AccountId", int)
DeliveryId = NewType("DeliveryId", str)
Sha = NewType("Sha", str)

RequestId = NewType("RequestId", int)
DecisionId = NewType("DecisionId", int)
IncidentId = NewType("IncidentId", int)

NodeId = NewType("NodeId", str)
"""One start of one process: a host that starts the gate again is another node."""


def environment_key(environment: str) -> str:
    """Fold an environment's name to the form that identifies it.

    GitHub compares environment names in lower case, and no more than that: `straße` is not
    `strasse`. The spelling it sent is kept beside the key, because the review call must repeat it.
    """
    return environment.lower()


@dataclass(frozen=True, slots=True, order=True)
class RequestKey:
    """Identify one gate request: what GitHub waits for, once, however many jobs ask for it.

    The attempt belongs to it because a re-run keeps the run id; `environment` is the folded name.
    """

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    environment: str

    def __str__(self) -> str:
        """Spell the key as effects, logs and people see it."""
        return f"{self.repository_id}/{self.run_id}/{self.run_attempt}/{self.environment}"

"""Answer for deployments, and read and write their statuses and their environments' rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import msgspec

from gate.domain.model.github import DeploymentStatus, RepositoryAddress
from gate.domain.model.ids import DeploymentId, RunId
from gate.domain.model.request import ReviewState
from gate.errors import Refused
from gate.githubapp.app.client import AppClient
from gate.githubapp.app.repository import GATE, RepositoryCalls
from gate.githubapp.app.session import Session
from gate.githubapp.app.tokens import Permissions
from gate.githubapp.shapes.deployments import DeploymentStatusShape, EnvironmentShape
from gate.githubapp.shapes.fields import Id
from gate.githubapp.transport.decoding import decoded
from gate.githubapp.transport.paths import segment

_DEPLOYMENTS: Final = (("deployments", "write"),)
_PAGE: Final = 100
_LISTED: Final = 30


class EnvironmentsPage(msgspec.Struct):
    """A page of environments."""

    environments: list[EnvironmentShape]


class RuleAppShape(msgspec.Struct):
    """The App behind a custom deployment protection rule."""

    id: Id
    slug: str = ""


class RuleShape(msgspec.Struct):
    """A custom deployment protection rule of an environment."""

    enabled: bool
    app: RuleAppShape


class RulesPage(msgspec.Struct):
    """The custom deployment protection rules of an environment."""

    custom_deployment_protection_rules: list[RuleShape]


_environments: Final = msgspec.json.Decoder(EnvironmentsPage)
_rules: Final = msgspec.json.Decoder(RulesPage)
_statuses: Final = msgspec.json.Decoder(list[DeploymentStatusShape])


class DeploymentsClient:
    """Deployments, their environments, and the reviews that the gate gives."""

    def __init__(self, session: Session, app: AppClient) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = session
        self._app = app

    def read_rule_enabled(self, address: RepositoryAddress, environment: str) -> bool:
        """Return whether this App's protection rule is enabled on an environment."""
        path = f"/environments/{segment(environment)}/deployment_protection_rules"
        answer = self._calls(address, GATE).find(path)
        if answer is None:
            return False
        own = self._app.own_id()
        rules = decoded(answer, _rules).custom_deployment_protection_rules
        return any(rule.enabled and rule.app.id == own for rule in rules)

    def read_environments(self, address: RepositoryAddress) -> Mapping[str, bool | None]:
        """Read a repository's environments by name; none when it cannot be seen.

        Each with whether administrators can bypass its rules, None where GitHub does not say.
        """
        found: dict[str, bool | None] = {}
        path = f"/environments?per_page={_PAGE}"
        try:
            for page in self._calls(address, GATE).pages(path, _environments):
                found |= {shape.name: shape.can_admins_bypass for shape in page.environments}
        except Refused as error:
            if error.reason != "not_found":
                raise
        return found

    def read_deployment_statuses(
        self, address: RepositoryAddress, deployment_id: DeploymentId
    ) -> tuple[DeploymentStatus, ...]:
        """Read the newest statuses of a deployment, newest first; none when it is gone."""
        path = f"/deployments/{deployment_id}/statuses?per_page={_LISTED}"
        answer = self._calls(address, _DEPLOYMENTS).find(path)
        if answer is None:
            return ()
        shapes = decoded(answer, _statuses)
        return tuple(DeploymentStatus(it.state, it.created_at, it.log_url) for it in shapes)

    def send_review(
        self,
        address: RepositoryAddress,
        run_id: RunId,
        environment: str,
        state: ReviewState,
        comment: str,
        *,
        is_timely: Callable[[], bool],
    ) -> None:
        """Answer for everything of ours that waits for this environment in this run."""
        body = {"environment_name": environment, "state": state.value, "comment": comment}
        self._answer_rule(address, run_id, body, is_timely)

    def send_report(
        self,
        address: RepositoryAddress,
        run_id: RunId,
        environment: str,
        comment: str,
        *,
        is_timely: Callable[[], bool],
    ) -> None:
        """Post a status report; it answers nothing."""
        body = {"environment_name": environment, "comment": comment}
        self._answer_rule(address, run_id, body, is_timely)

    def send_deployment_status(
        self,
        address: RepositoryAddress,
        deployment_id: DeploymentId,
        *,
        state: str,
        description: str,
        log_url: str,
        is_timely: Callable[[], bool],
    ) -> None:
        """Add a status to a deployment, and let those of other deployments alone.

        `auto_inactive` is on by default, and would retire the deployments before this one (docs:
        REST API endpoints for deployment statuses).
        """
        body = {
            "state": state,
            "description": description,
            "log_url": log_url,
            "auto_inactive": False,
        }
        path = f"/deployments/{deployment_id}/statuses"
        calls = self._calls(address, _DEPLOYMENTS)
        calls.send("POST", path, body, HTTPStatus.CREATED, is_timely=is_timely)

    def _answer_rule(
        self,
        address: RepositoryAddress,
        run_id: RunId,
        body: Mapping[str, object],
        is_timely: Callable[[], bool],
    ) -> None:
        path = f"/actions/runs/{run_id}/deployment_protection_rule"
        calls = self._calls(address, GATE)
        calls.send("POST", path, body, HTTPStatus.NO_CONTENT, is_timely=is_timely)

    def _calls(self, address: RepositoryAddress, permissions: Permissions) -> RepositoryCalls:
        return RepositoryCalls.to(address, permissions, self._session)

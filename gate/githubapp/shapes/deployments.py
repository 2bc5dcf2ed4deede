"""Read environments and the states of deployments."""

from __future__ import annotations

import msgspec

from gate.githubapp.shapes.fields import Aware, Name, in_utc


class DeploymentStatusShape(msgspec.Struct):
    """A state a deployment has reached; `log_url` is empty where nobody gave one."""

    state: Name
    created_at: Aware
    log_url: str = ""

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.created_at = in_utc(self.created_at)


class EnvironmentShape(msgspec.Struct):
    """A deployment environment; the REST reference omits `can_admins_bypass`, GitHub sends it."""

    name: Name
    can_admins_bypass: bool | None = None

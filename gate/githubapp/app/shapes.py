"""Read what REST answers about the App, its installations and its webhook."""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.github import HookDelivery
from gate.domain.model.ids import DeliveryId
from gate.githubapp.shapes.fields import Aware, Id, Name, in_utc
from gate.githubapp.shapes.repositories import RepositoryShape

_DELIVERED: Final = "OK"


class AppShape(msgspec.Struct):
    """The App itself."""

    id: Id
    slug: str
    permissions: dict[str, str]
    events: list[str]


class HookConfigShape(msgspec.Struct):
    """Where the App's webhook goes."""

    url: str = ""


class RepositoriesPage(msgspec.Struct):
    """A page of an installation's repositories."""

    repositories: list[RepositoryShape]


class HookDeliveryShape(msgspec.Struct):
    """An attempt at delivering a webhook, in GitHub's log."""

    id: Id
    guid: Name
    delivered_at: Aware
    status: str
    event: Name
    status_code: int = 0

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.delivered_at = in_utc(self.delivered_at)


def hook_delivery_of(shape: HookDeliveryShape) -> HookDelivery:
    """Return a line of the delivery log.

    It succeeded when its status is `OK`; a time-out has no status code that could be relied on
    (docs: Handling failed webhook deliveries).
    """
    return HookDelivery(
        number=shape.id,
        delivery_id=DeliveryId(shape.guid),
        delivered_at=shape.delivered_at,
        succeeded=shape.status == _DELIVERED,
        event=shape.event,
        status_code=shape.status_code,
    )

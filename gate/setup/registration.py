"""Decide what GitHub is asked to register, where, and what its answer is worth.

See "Registering a GitHub App from a manifest". Pure: nothing here calls GitHub.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec

from gate.manifest import Manifest
from gate.setup.credentials import Credentials

_ORGANIZATION: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Unusable:
    """What came back from GitHub cannot be used; `problem` and `next_step` are for a person."""

    problem: str
    next_step: str


class _Answer(msgspec.Struct):
    """The keys of the conversion's answer that are stored; GitHub may leave the secret null."""

    id: int
    client_id: str
    client_secret: str
    pem: str
    webhook_secret: str | None


def registration_path(organization: str | None) -> str:
    """Return the path, below GitHub's web root, to which the manifest is posted.

    None registers the App for the person's own account. Raises ValueError for what is no name of
    an organization.
    """
    if organization is None:
        return "/settings/apps/new"
    if not _ORGANIZATION.fullmatch(organization):
        raise ValueError("an organization's name has letters, digits and hyphens, at most 39")
    return f"/organizations/{organization}/settings/apps/new"


def write_manifest(manifest: Manifest, *, public_url: str, set_up_url: str, receives: bool) -> str:
    """Write the manifest as JSON for a gate at `public_url`, which has no slash at its end.

    GitHub sends the browser back to below `set_up_url`. Without `receives`, GitHub cannot reach
    the gate yet, and the App's webhook is registered switched off.
    """
    return msgspec.json.encode(
        {
            "name": manifest.name,
            "url": public_url,
            "public": False,
            "redirect_url": f"{set_up_url}/registered",
            "callback_urls": [f"{public_url}/sign-in/callback"],
            "hook_attributes": {"url": f"{public_url}/webhooks/github", "active": receives},
            "default_permissions": dict(manifest.permissions),
            "default_events": list(manifest.events),
        }
    ).decode()


def check_return(code: str, state: str, expected_state: str) -> Unusable | None:
    """Check that a browser that comes back was sent by us; the state is compared in constant time.

    An empty `expected_state` says that no registration was begun, and matches nothing.
    """
    matches = hmac.compare_digest(state.encode(), expected_state.encode())
    if not expected_state or not matches:
        return Unusable(
            "This registration was not begun here, or it was begun again meanwhile.",
            "Go back to the set-up page and register the App from there.",
        )
    if not _CODE.fullmatch(code):
        return Unusable(
            "GitHub sent no valid code.", "Go back to the set-up page and register the App again."
        )
    return None


def read_conversion(status: int, body: bytes) -> Credentials | Unusable:
    """Read the answer to the exchange of a code, whose text never gets into a problem."""
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
        return Unusable(
            "GitHub does not know the code: it was used, is older than an hour, or belongs to"
            " another GitHub.",
            "Delete the App that was just registered, if it is listed in GitHub's settings, and"
            " register again.",
        )
    if status != HTTPStatus.CREATED:
        return Unusable(
            f"GitHub answered {status} to the exchange of the code.",
            "Load this page again within an hour: the code stays valid until it is used.",
        )
    try:
        answer = msgspec.json.decode(body, type=_Answer)
        return Credentials(
            answer.id,
            answer.client_id,
            answer.client_secret,
            answer.webhook_secret or "",
            answer.pem,
        )
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return Unusable(
            "GitHub registered the App, but its answer lacks a credential.",
            "Open the App's settings on GitHub, generate a private key, and set the webhook secret"
            " there. Then configure the gate by hand.",
        )

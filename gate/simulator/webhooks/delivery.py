"""One webhook: what is still to be sent, and what the delivery log keeps of it."""

import hashlib
import hmac
from dataclasses import dataclass

import msgspec

from gate.simulator.state.accounts import App
from gate.simulator.state.records import DeliveryRecord
from gate.simulator.state.world import Outgoing


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as the log keeps it, with what was sent and what came back."""

    record: DeliveryRecord
    request_headers: dict[str, str]
    body: bytes
    response_headers: dict[str, str]
    response_body: str

    def payload(self) -> dict[str, object]:
        """Decode what was sent."""
        return msgspec.json.decode(self.body, type=dict[str, object])


@dataclass(frozen=True, slots=True)
class Task:
    """A webhook that is still to be sent; `body` is that of the log when it is sent again."""

    app: App
    guid: str
    event: str
    action: str | None
    body: bytes | None
    outgoing: Outgoing | None
    installation_id: int | None
    repository_id: int | None
    redelivery: bool = False
    refused_with: int | None = None

    def headers(self, body: bytes, target_type: str) -> dict[str, str]:
        """Describe and sign a body as GitHub does."""
        secret = self.app.webhook_secret.encode()
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/5111111",
            "X-GitHub-Delivery": self.guid,
            "X-GitHub-Event": self.event,
            "X-GitHub-Hook-ID": str(self.app.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(self.app.id),
            "X-GitHub-Hook-Installation-Target-Type": target_type,
            "X-Hub-Signature": "sha1=" + hmac.digest(secret, body, hashlib.sha1).hex(),
            "X-Hub-Signature-256": "sha256=" + hmac.digest(secret, body, hashlib.sha256).hex(),
            "X-Simulated-GitHub": "1",
        }

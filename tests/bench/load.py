"""Post prepared webhooks over kept-alive connections, as cheaply as Python can."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
import uuid
from dataclasses import dataclass

import msgspec

from tests.bench.services import SECRET


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to: answers by status, and the time it took."""

    accepted: int
    other: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Return the accepted requests a second."""
        return self.accepted / self.seconds


def prepared(count: int, size: int) -> list[bytes]:
    """Prepare signed `push` deliveries, each with an id of its own and about `size` bytes."""
    body = msgspec.json.encode(
        {
            "ref": "refs/heads/topic",
            "repository": {
                "id": 1,
                "full_name": "octo-org/frontend",
                "owner": {"id": 2, "login": "octo-org"},
                "default_branch": "main",
            },
            "installation": {"id": 3},
            "padding": "x" * (size - 200),
        }
    )
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return [_request(body, signature, str(uuid.uuid4())) for _ in range(count)]


def _request(body: bytes, signature: str, delivery_id: str) -> bytes:
    head = (
        "POST /webhooks/github HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"
        f"X-GitHub-Event: push\r\nX-GitHub-Delivery: {delivery_id}\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def post_all(url: str, requests: list[bytes], connections: int) -> Loaded:
    """Post everything over a number of connections at once."""
    host, _, port = url.removeprefix("http://").partition(":")
    return asyncio.run(_post_all(host, int(port), requests, connections))


async def _post_all(host: str, port: int, requests: list[bytes], connections: int) -> Loaded:
    waiting = iter(requests)
    statuses: list[int] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for request in waiting:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [
                line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
            ]
            await reader.readexactly(int(lengths[0].partition(b":")[2]))
            statuses.append(int(head[9:12]))
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    seconds = time.perf_counter() - started
    accepted = statuses.count(202)
    return Loaded(accepted, len(statuses) - accepted, seconds)

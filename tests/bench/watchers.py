"""Look at pages as people who watch them do: many a second, most of them unchanged.

    python -m tests.bench.watchers URL PER_SECOND SECONDS PATH [PATH ...]

The paths are asked in turn, a browser's tab having each. A tab sends the tag of what it has, as the
pages' script does. Prints how many views were answered, by status, and their median in
milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

_CONNECTIONS: Final = 32


@dataclass(slots=True)
class _Seen:
    """What came back so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Look, and print what came of it."""
    url, per_second, seconds, *paths = sys.argv[1:]
    host, _, port = url.removeprefix("http://").partition(":")
    seen = asyncio.run(_watch(host, int(port), float(per_second), float(seconds), paths))
    views = sum(seen.statuses.values())
    median = statistics.median(seen.took) * 1000
    statuses = {str(status): count for status, count in seen.statuses.items()}
    print(json.dumps({"per_second": views / float(seconds), "p50": median, "statuses": statuses}))


async def _watch(
    host: str, port: int, per_second: float, seconds: float, paths: list[str]
) -> _Seen:
    """Ask for one path after the other, each at its time, over a number of connections."""
    seen = _Seen()
    count = int(per_second * seconds)
    numbers = iter(range(count))
    began = time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for number in numbers:
            at = began + number / per_second
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            await _view(reader, writer, paths[number % len(paths)], seen)
        writer.close()

    await asyncio.gather(*(one() for _ in range(_CONNECTIONS)))
    return seen


async def _view(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, seen: _Seen
) -> None:
    tag = f"If-None-Match: {seen.tags[path]}\r\n" if path in seen.tags else ""
    started = time.perf_counter()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n{tag}\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    headers = {name.lower(): value.strip().decode() for name, _, value in lines}
    if status != 304:
        await reader.readexactly(int(headers[b"content-length"]))
    seen.took.append(time.perf_counter() - started)
    seen.statuses[status] += 1
    if b"etag" in headers:
        seen.tags[path] = headers[b"etag"]


if __name__ == "__main__":
    main()

"""A collector on loopback that takes OTLP over HTTP and keeps the spans it gets."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.http_server import serving


@dataclass(frozen=True)
class SeenSpan:
    """A span as it came over the wire; ids are hexadecimal, `parent` is empty for a first one."""

    name: str
    trace: str
    id: str
    parent: str
    process: str
    links: tuple[str, ...]
    is_error: bool
    begins: int
    ends: int
    attributes: dict[str, Any]


@dataclass
class Collector:
    """What came in; answers as it is told, and only once `hold` is set where there is one."""

    url: str = ""
    status: int = 200
    hold: threading.Event | None = None
    redirect: str = ""
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def spans(self) -> list[SeenSpan]:
        """Return every span, in the order in which they began."""
        found: list[SeenSpan] = []
        for body in list(self.bodies):
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                process = _values(group.resource.attributes)["service.instance.id"]
                found += [
                    _seen(span, process) for scope in group.scope_spans for span in scope.spans
                ]
        return sorted(found, key=lambda it: it.begins)

    def named(self, name: str) -> list[SeenSpan]:
        """Return the spans of a name."""
        return [it for it in self.spans() if it.name == name]


def tree(spans: list[SeenSpan], root: str = "") -> list[Any]:
    """Return the names below a span, each as a list with its own name and what is below it."""
    return [[it.name, *tree(spans, it.id)] for it in spans if it.parent == root]


def _seen(span: Any, process: str) -> SeenSpan:
    return SeenSpan(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        process=process,
        links=tuple(link.trace_id.hex() for link in span.links),
        is_error=span.status.code == span.status.STATUS_CODE_ERROR,
        begins=span.start_time_unix_nano,
        ends=span.end_time_unix_nano,
        attributes=_values(span.attributes),
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {it.key: _value(it.value) for it in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(it) for it in value.array_value.values]
    return getattr(value, kind)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Collect while the context lasts."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 4096

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if collector.hold is not None:
                collector.hold.wait(20)
            if collector.status == 200:
                is_packed = self.headers["Content-Encoding"] == "gzip"
                collector.bodies.append(gzip.decompress(body) if is_packed else body)
            collector.headers.append({key.lower(): it for key, it in self.headers.items()})
            collector.paths.append(self.path)
            self.send_response(307 if collector.redirect else collector.status)
            if collector.redirect:
                self.send_header("Location", collector.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
            pass

    with serving(Handler) as port:
        collector.url = f"http://127.0.0.1:{port}"
        try:
            yield collector
        finally:
            if collector.hold is not None:
                collector.hold.set()

"""Record spans by OpenTelemetry's library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from time import perf_counter
from types import TracebackType
from typing import Final, Self

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from structlog.contextvars import bound_contextvars

from gate import __version__
from gate.clock import utc_now
from gate.errors import reason_of
from gate.traces.ids import TraceIds, ids_of
from gate.traces.names import Attribute, SpanName
from gate.traces.outbox import Outbox
from gate.traces.port import NOTHING, Attributes, Fate, Span

_KINDS: Final = {
    SpanName.WEBHOOK: otel.SpanKind.SERVER,
    SpanName.GITHUB: otel.SpanKind.CLIENT,
    SpanName.ALERT: otel.SpanKind.CLIENT,
}
_BILLION: Final = 1_000_000_000
_ROOT: Final = Context()
"""A context without a current span: what begins in it is a trace of its own."""


class OpenTelemetryTraces:
    """Traces that are on."""

    is_on: Final = True

    def __init__(self, outbox: Outbox, share: float, node: str) -> None:
        """Record into `outbox` the share of all traces; every node chooses the same ones."""
        self._outbox = outbox
        self._ids = _Ids()
        self._provider = TracerProvider(
            sampler=TraceIdRatioBased(share),
            resource=Resource.create(_resource(node)),
            shutdown_on_exit=False,
            id_generator=self._ids,
        )
        self._provider.add_span_processor(outbox)
        self._tracer = self._provider.get_tracer("gate", __version__)

    def span(self, name: SpanName, attributes: Attributes = NOTHING) -> Span:
        """Begin a span below the current one."""
        return _Span(self._begin(name, attributes, None))

    def trace(
        self,
        name: SpanName,
        attributes: Attributes = NOTHING,
        *,
        delivery: str | None = None,
        link: str | None = None,
    ) -> Span:
        """Begin a span below a delivery's webhook, or else a trace of its own."""
        context = _below(ids_of(delivery)) if delivery is not None else _ROOT
        links = [otel.Link(_remote(ids_of(link)))] if link is not None and link != delivery else []
        return _Span(self._begin(name, attributes, context, links=links))

    def record(
        self,
        name: SpanName,
        delivery: str,
        started: float,
        attributes: Attributes = NOTHING,
        *,
        is_first: bool = False,
    ) -> None:
        """Record a span that ends now, below a delivery's webhook."""
        ids = ids_of(delivery)
        ended = int(utc_now().timestamp() * _BILLION)
        began = ended - int((perf_counter() - started) * _BILLION)
        context = _below(ids)
        if is_first:
            context = _ROOT
            self._ids.choose(ids)
        self._begin(name, attributes, context, start_time=began).end(ended)

    def fields(self, delivery: str) -> Mapping[str, str]:
        """Return the trace's id, as `trace_id`."""
        return {"trace_id": ids_of(delivery).hexadecimal}

    def counts(self) -> Mapping[Fate, int]:
        """Return what became of the spans of this process so far."""
        return self._outbox.counts()

    def close(self) -> None:
        """Send what has ended, for a few seconds at most."""
        self._provider.shutdown()

    def _begin(
        self,
        name: SpanName,
        attributes: Attributes,
        context: Context | None,
        *,
        links: list[otel.Link] | None = None,
        start_time: int | None = None,
    ) -> otel.Span:
        return self._tracer.start_span(
            name.value,
            context,
            _KINDS.get(name, otel.SpanKind.INTERNAL),
            {key.value: value for key, value in attributes.items()},
            links or (),
            start_time,
        )


class _Span:
    """A span of OpenTelemetry, as the port knows it."""

    def __init__(self, span: otel.Span) -> None:
        self._span = span
        self._active: AbstractContextManager[None] | None = None

    def __enter__(self) -> Self:
        self._active = self.active()
        self._active.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._active is not None:
            self._active.__exit__(kind, error, traceback)
        if isinstance(error, Exception):
            self.set({Attribute.ERROR: reason_of(error)})
            self._span.set_status(otel.StatusCode.ERROR)
        self._span.end()

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes({key.value: value for key, value in attributes.items()})

    @contextmanager
    def active(self) -> Iterator[None]:
        trace_id = f"{self._span.get_span_context().trace_id:032x}"
        with (
            # The message of an exception may hold anything; its slug is enough.
            otel.use_span(self._span, record_exception=False, set_status_on_exception=False),
            bound_contextvars(trace_id=trace_id),
        ):
            yield


class _Ids(RandomIdGenerator):
    """Random ids, but for a span whose ids were chosen; each thread chooses for itself."""

    def __init__(self) -> None:
        self._chosen: ContextVar[TraceIds | None] = ContextVar("chosen", default=None)

    def choose(self, ids: TraceIds) -> None:
        """Let the next span that this thread begins have these ids; it must be a trace's first."""
        self._chosen.set(ids)

    def generate_trace_id(self) -> int:
        chosen = self._chosen.get()
        return chosen.trace_id if chosen is not None else super().generate_trace_id()

    def generate_span_id(self) -> int:
        chosen = self._chosen.get()
        if chosen is None:
            return super().generate_span_id()
        self._chosen.set(None)
        return chosen.span_id


def _remote(ids: TraceIds) -> otel.SpanContext:
    flags = otel.TraceFlags(otel.TraceFlags.SAMPLED)
    return otel.SpanContext(ids.trace_id, ids.span_id, is_remote=True, trace_flags=flags)


def _below(ids: TraceIds) -> Context:
    """Return the context in which a span begins below a delivery's webhook, of whatever node."""
    return otel.set_span_in_context(otel.NonRecordingSpan(_remote(ids)), _ROOT)


def _resource(node: str) -> dict[str, str]:
    """Describe this process; `OTEL_RESOURCE_ATTRIBUTES` may add to it."""
    return {
        "service.name": "deployment-gate",
        "service.version": __version__,
        "service.instance.id": node,
    }

"""Send spans away in a thread of its own, from a bounded queue; what does not fit is dropped.

The library's own queue forgets without a count what is too much. So the spans that wait are counted
before it, and it never sees more than it takes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from threading import Lock, Thread
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from requests import Session

from gate.log import get_logger
from gate.traces.port import Fate

MOST_WAITING: Final = 4096
"""Spans that wait to be sent, about 10 MB of memory."""

_BATCH: Final = 512
_EVERY_MILLISECONDS: Final = 1000
_TIMEOUT_SECONDS: Final = 5
_LAST_SECONDS: Final = 3.0
"""How long the end of the process waits for the spans that are left."""

log = get_logger(__name__)


class Outbox(SpanProcessor):
    """Counts the spans that wait, and passes on what fits."""

    def __init__(self, endpoint: str, headers: Mapping[str, str]) -> None:
        """Begin to wait for spans; `endpoint` is the whole URL that they are posted to."""
        # It logs each failure, with its address and what the other side answered.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._lock = Lock()
        self._waiting = 0
        self._fates: Counter[Fate] = Counter()
        self._is_failing = False
        self._exporter = OTLPSpanExporter(
            endpoint=endpoint,
            headers=dict(headers),
            timeout=_TIMEOUT_SECONDS,
            compression=Compression.Gzip,
            session=_session(),
        )
        self._batches = BatchSpanProcessor(
            _Counted(self._exporter, self),
            max_queue_size=MOST_WAITING,
            schedule_delay_millis=_EVERY_MILLISECONDS,
            max_export_batch_size=_BATCH,
        )

    def counts(self) -> Mapping[Fate, int]:
        """Return what became of the spans so far."""
        with self._lock:
            return {fate: self._fates[fate] for fate in Fate}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing: only spans that ended are sent."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a span, or drop it when too many wait."""
        with self._lock:
            if self._waiting >= MOST_WAITING:
                self._fates[Fate.DROPPED] += 1
                return
            self._waiting += 1
        self._batches.on_end(span)

    def note_export(self, count: int, *, sent: bool) -> None:
        """Note what came of a batch; the log says so once, until it changes."""
        with self._lock:
            self._waiting -= count
            self._fates[Fate.EXPORTED if sent else Fate.FAILED] += count
            has_changed, self._is_failing = sent is self._is_failing, not sent
        if has_changed and sent:
            log.info("traces.sending_resumed")
        elif has_changed:
            log.warning("traces.sending_failed", spans=count)

    def shutdown(self) -> None:
        """Send what waits, as long as that does not take too long."""
        # The library waits half a minute; its threads do not keep the process alive.
        last = Thread(target=self._batches.shutdown, name="traces-end", daemon=True)
        last.start()
        last.join(_LAST_SECONDS)
        if last.is_alive():
            log.warning("traces.left_unsent")


class _Counted(SpanExporter):
    """Sends batches, and tells the outbox what came of each."""

    def __init__(self, exporter: OTLPSpanExporter, outbox: Outbox) -> None:
        self._exporter = exporter
        self._outbox = outbox

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            self._outbox.note_export(len(spans), sent=result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the library leaves it untyped


def _session() -> Session:
    """Make a session that follows no redirect: it would take the headers, and secrets, along."""
    session = Session()
    session.max_redirects = 0
    return session

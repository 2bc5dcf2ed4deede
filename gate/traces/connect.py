"""Make the traces that the settings ask for."""

from __future__ import annotations

from gate.settings import Settings
from gate.traces.port import NO_TRACES, Traces


def connect_traces(settings: Settings, node: str) -> Traces:
    """Return where the spans of a node go; OpenTelemetry is imported only where traces are on."""
    if settings.traces_endpoint is None:
        return NO_TRACES
    from gate.traces.outbox import Outbox  # noqa: PLC0415 - loaded only where traces are on
    from gate.traces.tracer import OpenTelemetryTraces  # noqa: PLC0415

    headers = {it.name: it.value.get_secret_value() for it in settings.traces_headers}
    outbox = Outbox(settings.traces_endpoint, headers)
    return OpenTelemetryTraces(outbox, settings.traces_share, node)

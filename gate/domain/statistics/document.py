"""Lay the metrics out as a document, the same for the API and for `gate stats --json`.

Pure. Times are seconds; whatever has no value without data is null. Flow names are hostile text and
stand here as they were reported: whoever shows them must neutralize them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gate.domain.statistics.spread import Share, Spread
from gate.domain.statistics.stats import FlakyFlow, HeldTime, ResponseTime, Stats


def render_document(stats: Stats) -> dict[str, object]:
    """Return the document, in values that JSON knows; the keys are an interface."""
    load = stats.alerts_per_incident
    return {
        "since": _instant(stats.period.since),
        "until": _instant(stats.period.until),
        "validation_pass_rate": _share(stats.pass_rate),
        "incidents": {"opened": stats.incidents, "open": stats.open_incidents},
        "time_to_acknowledge": _response(stats.time_to_acknowledge),
        "time_to_decide": _response(stats.time_to_decide),
        "time_to_resolve": _response(stats.time_to_resolve),
        "false_positive_rate": _share(stats.false_positives),
        "alerts_per_incident": {
            "messages": load.messages,
            "incidents": load.incidents,
            "mean": load.mean,
            "most": load.most,
        },
        "incidents_acted_on": _share(stats.acted_on),
        "time_held": _held(stats.held)
        | {"environments": {name: _held(it) for name, it in stats.held_by_environment}},
        "overrides": stats.overrides,
        "bypasses": stats.bypasses,
        "flaky_flows_since": _instant(stats.flaky_since),
        "flaky_flows": [_flow(it) for it in stats.flaky_flows],
    }


def _share(share: Share) -> dict[str, object]:
    return {"count": share.count, "of": share.of, "rate": share.rate}


def _spread(spread: Spread) -> dict[str, object]:
    return {
        "count": spread.count,
        "median_seconds": _seconds(spread.median),
        "p90_seconds": _seconds(spread.p90),
    }


def _response(response: ResponseTime) -> dict[str, object]:
    return _spread(response.spread) | {"waiting": response.waiting, "never": response.never}


def _held(held: HeldTime) -> dict[str, object]:
    total = held.total.total_seconds()
    return _spread(held.spread) | {"going_on": held.going_on, "total_seconds": total}


def _flow(flow: FlakyFlow) -> dict[str, object]:
    return {"repository_id": flow.repository_id, "flow": flow.name, **_share(flow.runs)}


def _seconds(time: timedelta | None) -> float | None:
    return time.total_seconds() if time is not None else None


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

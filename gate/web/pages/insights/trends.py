"""Show a metric over a period: a chart, and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

from gate.domain.statistics.insights import Insight, Unit, Value
from gate.web.pages.insights.charts import draw_bars

_LENGTHS: Final = (
    ("days", timedelta(days=1)),
    ("hours", timedelta(hours=1)),
    ("minutes", timedelta(minutes=1)),
    ("seconds", timedelta(seconds=1)),
)


@dataclass(frozen=True, slots=True)
class Trend:
    """A metric with its chart, None where there is too little to draw, and the rows behind it.

    `unit` is what the numbers of the chart are in.
    """

    insight: Insight
    chart: Markup | None
    unit: str
    rows: tuple[tuple[date, Value], ...]


def show_trend(insight: Insight, starts: Sequence[date], every: str) -> Trend:
    """Show a metric for the parts of a period, which begin on these days; `every` names a part."""
    values = insight.trend
    unit, scale = _unit(values)
    drawn = tuple(it.number / scale if it.number is not None else None for it in values)
    names = tuple(f"{it:%b} {it.day}" for it in starts)
    top = 100.0 if insight.value.unit is Unit.SHARE else None
    return Trend(
        insight,
        draw_bars(f"{insight.title} by {every}{f', {unit}' if unit else ''}", names, drawn, top),
        unit,
        tuple((day, it) for day, it in zip(starts, values, strict=True) if it.sample),
    )


def _unit(values: Sequence[Value]) -> tuple[str, float]:
    """Return what the numbers of a chart are in, and how much of a value is one of it."""
    unit = values[0].unit
    if unit is Unit.SHARE:
        return "%", 0.01
    if unit in {Unit.MEAN, Unit.EVENTS}:
        return "", 1
    longest = timedelta(seconds=max(it.number or 0 for it in values))
    name, length = next((it for it in _LENGTHS if longest >= 2 * it[1]), _LENGTHS[-1])
    return f"median in {name}", length.total_seconds()

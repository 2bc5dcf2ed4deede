"""Word the metrics of a period for a page, each with its definition and compared with before.

Pure. The definitions are the docstrings of `gate.domain.statistics.metrics`, as in the
documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from gate.domain.statistics import metrics
from gate.domain.statistics.record import Period
from gate.domain.statistics.spread import Share, Spread
from gate.domain.statistics.stats import HeldTime, ResponseTime, Stats
from gate.domain.text.durations import span

FEW: Final = 5
"""With fewer measurements than this, chance decides whether a value rose or fell."""


class Unit(StrEnum):
    """What a value is measured in, and so how a change of it is worded."""

    SHARE = "share"
    TIME = "time"
    MEAN = "mean"
    EVENTS = "events"


_WORDS: Final = {
    Unit.SHARE: ("higher", "lower"),
    Unit.TIME: ("longer", "shorter"),
    Unit.MEAN: ("more", "fewer"),
    Unit.EVENTS: ("more", "fewer"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """A measured number; None where there was nothing to measure. `sample` is of how many."""

    unit: Unit
    number: float | None
    sample: int
    counts: str

    @property
    def shown(self) -> str:
        """Return the number with its unit."""
        if self.number is None:
            return "no data"
        if self.unit is Unit.SHARE:
            return f"{self.number:.0%}".replace("%", " %")
        if self.unit is Unit.TIME:
            return span(timedelta(seconds=self.number))
        return f"{self.number:.1f}".removesuffix(".0")

    @property
    def is_median(self) -> bool:
        """Return whether the number is the median of measured times."""
        return self.unit is Unit.TIME and self.number is not None


@dataclass(frozen=True, slots=True)
class Insight:
    """A metric as a page shows it. `lead` begins its definition, `rest` continues it.

    `trend` has its value for each part of the period, in order.
    """

    title: str
    value: Value
    change: str
    lead: str
    rest: str
    trend: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class _Metric:
    title: str
    measured: Callable[[Stats], Value]
    is_kept: bool
    definition: tuple[str, str]


def define(measure: Callable[..., Any]) -> tuple[str, str]:
    """Return the definition of a metric: its first sentence, and what follows."""
    text = (inspect.getdoc(measure) or "").removeprefix("Measure").lstrip(", ")
    lead, _, rest = (text[:1].upper() + text[1:]).partition("\n\n")
    return " ".join(lead.split()), " ".join(rest.split())


def is_kept(period: Period, earlier: Period, kept: timedelta) -> bool:
    """Return whether all of an earlier period is still there of what is deleted after `kept`."""
    return period.until - earlier.since <= kept


def make_insights(
    now: Stats, before: Stats, parts: Sequence[Stats], days: int, kept: timedelta
) -> tuple[Insight, ...]:
    """Word all metrics, of the period and of its parts.

    What is deleted after `kept` is compared with before only where all of that is still there.
    """
    reaches_back = is_kept(now.period, before.period, kept)
    found = []
    for metric in _METRICS:
        value = metric.measured(now)
        if metric.is_kept or reaches_back:
            change = compare(value, metric.measured(before), days)
        else:
            change = f"Not compared: the gate keeps these records for {kept.days} days only."
        trend = tuple(metric.measured(part) for part in parts)
        found.append(Insight(metric.title, value, change, *metric.definition, trend))
    return tuple(found)


def compare(now: Value, before: Value, days: int) -> str:
    """Word how a value changed; where there are few measurements, only how many."""
    period = f"the {days} days before"
    # That there are no events any more is a change; a median or a share needs measurements twice.
    weigh = max if now.unit is Unit.EVENTS else min
    if now.number is None or before.number is None or weigh(now.sample, before.sample) < FEW:
        return f"Too few to compare: {now.sample} now, {before.sample} in {period}."
    if now.unit is Unit.SHARE:
        change = round(100 * (now.number - before.number))
        amount = f"{abs(change)} percentage point{'s' if abs(change) != 1 else ''}"
    elif before.number == 0:
        return f"{now.shown} now, {before.shown} in {period}."
    else:
        change = round(100 * (now.number / before.number - 1))
        amount = f"{abs(change)} %"
    if change == 0:
        return f"The same as in {period}."
    rise, fall = _WORDS[now.unit]
    return f"{amount} {rise if change > 0 else fall} than in {period} ({before.shown})."


def _share(share: Share, what: str) -> Value:
    return Value(Unit.SHARE, share.rate, share.of, f"{share.count} of {share.of} {what}")


def _response(response: ResponseTime) -> Value:
    return _time(
        response.spread,
        f"{response.spread.count} measured, {response.waiting} waiting, {response.never} never",
    )


def _held(held: HeldTime) -> Value:
    return _time(
        held.spread,
        f"{held.spread.count} ended, {held.going_on} ongoing, {span(held.total)} in total",
    )


def _time(spread: Spread, counts: str) -> Value:
    """Show the median of times; the slow end stands before the counts."""
    number = spread.median.total_seconds() if spread.median is not None else None
    if spread.p90 is not None:
        counts = f"90 % within {span(spread.p90)}; {counts}"
    return Value(Unit.TIME, number, spread.count, counts)


def _load(stats: Stats) -> Value:
    load = stats.alerts_per_incident
    messages = f"{load.messages} message{'s' if load.messages != 1 else ''}"
    incidents = f"{load.incidents} incident{'s' if load.incidents != 1 else ''}"
    counts = f"{messages} about {incidents}, at most {load.most}"
    return Value(Unit.MEAN, load.mean, load.incidents, counts)


def _count(number: int, counts: str) -> Value:
    return Value(Unit.EVENTS, float(number), number, counts)


_METRICS: Final = (
    _Metric(
        "Validation pass rate",
        lambda it: _share(it.pass_rate, "attempts"),
        is_kept=False,
        definition=define(metrics.measure_pass_rate),
    ),
    _Metric(
        "Incidents",
        lambda it: _count(it.incidents, f"{it.open_incidents} still open"),
        is_kept=True,
        definition=(
            "The number of incidents opened in the period, and how many are still open.",
            "",
        ),
    ),
    _Metric(
        "Time to acknowledge",
        lambda it: _response(it.time_to_acknowledge),
        is_kept=True,
        definition=define(metrics.measure_time_to_acknowledge),
    ),
    _Metric(
        "Time to decide",
        lambda it: _response(it.time_to_decide),
        is_kept=True,
        definition=define(metrics.measure_time_to_decide),
    ),
    _Metric(
        "Time to resolve",
        lambda it: _response(it.time_to_resolve),
        is_kept=True,
        definition=define(metrics.measure_time_to_resolve),
    ),
    _Metric(
        "False positives",
        lambda it: _share(it.false_positives, "resolved incidents"),
        is_kept=True,
        definition=define(metrics.measure_false_positives),
    ),
    _Metric(
        "Alerts per incident",
        _load,
        is_kept=True,
        definition=define(metrics.measure_alerts_per_incident),
    ),
    _Metric(
        "Share acted on",
        lambda it: _share(
            it.acted_on, "incidents acknowledged, decided, silenced, overridden or closed"
        ),
        is_kept=True,
        definition=define(metrics.measure_acted_on),
    ),
    _Metric(
        "Time held",
        lambda it: _held(it.held),
        is_kept=False,
        definition=define(metrics.measure_time_held),
    ),
    _Metric(
        "Overrides",
        lambda it: _count(it.overrides, "requests"),
        is_kept=True,
        definition=define(metrics.measure_overrides),
    ),
    _Metric(
        "Bypasses",
        lambda it: _count(it.bypasses, "requests"),
        is_kept=True,
        definition=define(metrics.measure_bypasses),
    ),
)

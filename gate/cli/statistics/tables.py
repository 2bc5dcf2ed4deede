"""Format the metrics as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from rich.table import Table
from rich.text import Text

from gate.domain.statistics.spread import Share, Spread
from gate.domain.statistics.stats import HeldTime, ResponseTime, Stats
from gate.domain.text.durations import span
from gate.domain.text.escaping import cut
from gate.domain.text.fold import fold

_NOTHING: Final = "-"
"""Shown where there is no value."""

_LONGEST_NAME: Final = 60


def make_tables(stats: Stats) -> Iterator[Table]:
    """Build the table of all metrics, and one of flaky flows if there are any."""
    yield _metrics(stats)
    if stats.flaky_flows:
        yield _flows(stats)


def _metrics(stats: Stats) -> Table:
    title = f"{stats.period.since:%Y-%m-%d %H:%M} to {stats.period.until:%Y-%m-%d %H:%M} UTC"
    table = Table(title=title)
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("of")
    load = stats.alerts_per_incident
    table.add_row("validation pass rate", *_rate(stats.pass_rate, "attempts"))
    table.add_row("incidents", str(stats.incidents), f"{stats.open_incidents} open")
    for name, response in (
        ("time to acknowledge", stats.time_to_acknowledge),
        ("time to decide", stats.time_to_decide),
        ("time to resolve", stats.time_to_resolve),
    ):
        table.add_row(name, _times(response.spread), _response(response))
    table.add_row("false positives", *_rate(stats.false_positives, "resolved incidents"))
    mean = _NOTHING if load.mean is None else f"{load.mean:.1f}"
    table.add_row("alerts per incident", mean, f"{load.messages} messages, at most {load.most}")
    table.add_row("incidents acted on", *_rate(stats.acted_on, "incidents"))
    table.add_row("time held", _times(stats.held.spread), _held(stats.held))
    for name, held in stats.held_by_environment:
        table.add_row(Text("  ") + _plain(name), _times(held.spread), _held(held))
    table.add_row("overrides", str(stats.overrides), "requests")
    table.add_row("bypasses", str(stats.bypasses), "requests")
    return table


def _flows(stats: Stats) -> Table:
    title = "Flaky flows"
    if stats.flaky_since > stats.period.since:
        title += f" since {stats.flaky_since:%Y-%m-%d %H:%M} UTC"
    table = Table(title=title)
    table.add_column("flow")
    table.add_column("flaky", justify="right")
    table.add_column("of")
    for flow in stats.flaky_flows:
        table.add_row(_plain(flow.name), *_rate(flow.runs, "runs"))
    return table


def _rate(share: Share, what: str) -> tuple[str, str]:
    rate = _NOTHING if share.rate is None else f"{share.rate:.0%}"
    return rate, f"{share.count} of {share.of} {what}"


def _times(spread: Spread) -> str:
    """Show the median and, behind it, the 90th percentile."""
    return f"{_time(spread.median)} (p90 {_time(spread.p90)})"


def _time(time: timedelta | None) -> str:
    return _NOTHING if time is None else span(time)


def _response(response: ResponseTime) -> str:
    return f"{response.spread.count}; {response.waiting} waiting, {response.never} never"


def _held(held: HeldTime) -> str:
    return f"{held.spread.count}; {held.going_on} ongoing, {span(held.total)} in total"


def _plain(text: str) -> Text:
    """Show foreign text on one line, without what a terminal or rich would take for an order."""
    return Text(cut(fold(text), _LONGEST_NAME))

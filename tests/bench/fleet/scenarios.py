"""Measure several nodes on PostgreSQL, database and simulated GitHub on the same cores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gate.reconciler.deps import LEASE
from tests.bench.decisions import furnish, singles, warm_up
from tests.bench.fleet import floors
from tests.bench.fleet.neighbors import quiet_beside_noisy
from tests.bench.fleet.nodes import RECEIVE, SERVE, WORK, fleet
from tests.bench.fleet.recovery import answered_after_kill
from tests.bench.fleet.streams import database_ms, node_ms, rate, streams
from tests.bench.fleet.waiting import Idle, read_while_waiting
from tests.bench.load import post_all, prepared
from tests.bench.releases import released_in
from tests.bench.report import Report, quantiles, ratio

_BODY: Final = 12_000
_FEW_EVENTS: Final = ["deployment_protection_rule", "workflow_run"]
_LATENCIES: Final = (0.5, 0.05, 0.0)
_SLOW: Final = 0.1


def _decisions(report: Report, scale: int) -> None:
    count = 600 // scale
    with fleet(_FEW_EVENTS) as here:
        floor = floors.decided_per_second(here.database_url, here.github.url, 200, 3)
        counts = {it: count // 4 if it > _SLOW else count for it in _LATENCIES}
        found = streams(here, counts)
    for latency, sent in counts.items():
        label = f"fleet, stream of {sent}, GitHub at {latency * 1000:.0f} ms"
        one = rate(found, 1, latency)
        goal = 0 if latency > _SLOW else 150
        report.add_rate(f"{label}: decisions a second, one node", one, goal, floor)
        for nodes, times in ((2, ">= 1.5 times" if latency else ">= 1 times"), (3, "")):
            more = rate(found, nodes, latency)
            report.add_row(f"  {nodes} nodes", f"{more:.0f}", times, f"{one:.0f}", ratio(more, one))
        for nodes in (1, 2):
            used = (
                f"{node_ms(found, nodes, latency):.1f} / {database_ms(found, nodes, latency):.1f}"
            )
            report.add_row(f"  CPU ms a decision, nodes / PostgreSQL, nodes: {nodes}", used)


def _acknowledgements(report: Report, scale: int) -> None:
    count = 5_000 // scale
    body = prepared(1, _BODY)[0].partition(b"\r\n\r\n")[2]
    for label, kinds in (("serve", [SERVE]), ("serve --no-worker, worker", [RECEIVE, WORK])):
        with fleet() as here:
            for kind in kinds:
                here.start(kind)
            url = here.nodes[0].url or here.url
            post_all(url, prepared(500, _BODY), 64)
            before = here.nodes[0].cpu(), here.database_cpu()
            loaded = post_all(url, prepared(count, _BODY), 64)
            used = here.nodes[0].cpu() - before[0], here.database_cpu() - before[1]
            floor = floors.stored_per_second(here.database_url, count, body, 32)
            memory = sum(node.memory() for node in here.nodes)
        what = f"fleet, {label}: durable acknowledgements a second ({count} of 12 KB)"
        report.add_rate(what, loaded.per_second, 1000, floor)
        report.add_row("  answered otherwise", str(loaded.other), "0")
        spent = f"{used[0] * 1000 / count:.2f} / {used[1] * 1000 / count:.2f}"
        report.add_row("  CPU ms each, node / PostgreSQL", spent)
        report.add_row("  resident memory of the nodes, MiB", f"{memory:.0f}")


def _latency(report: Report, scale: int) -> None:
    with fleet(_FEW_EVENTS) as here:
        here.start(RECEIVE)
        here.start(WORK)
        names = furnish(here, 1, "success")
        for _ in range(3):
            warm_up(here, names)
        found = singles(here, names[0], max(5, 40 // scale))
    what = "fleet, idle: webhook at one node to the answer by another, p50 / p99 ms"
    report.add_row(what, f"{found.p50:.0f} / {found.p99:.0f}", "p50 < 50")


def _recovery(report: Report, scale: int) -> None:
    count, goal = 200 // scale, LEASE.total_seconds() + 5
    with fleet(_FEW_EVENTS) as here:
        seconds = answered_after_kill(here, count, goal + 60)
    what = f"fleet, kill -9 of a node with {count} requests: seconds to the last answer"
    report.add_row(what, f"{seconds:.1f}", f"<= {goal:.0f}")


def _waiting(report: Report, scale: int) -> None:
    count = 100_000 // scale
    with fleet(_FEW_EVENTS) as here:
        few, many = read_while_waiting(here, 10, count)
    report.add_row(f"fleet, a worker beside 10 / {count} waiting requests", "")
    shown: tuple[tuple[str, Callable[[Idle], float]], ...] = (
        ("start and first sweep: rows read", lambda it: it.sweep_rows),
        ("first sweep: ms", lambda it: it.sweep_ms),
        ("idle: rows read a second", lambda it: it.rows_a_second),
        ("idle: transactions a second", lambda it: it.commits_a_second),
    )
    for what, of in shown:
        figure = f"{of(few):.0f} / {of(many):.0f}"
        report.add_row(f"  {what}", figure, "", "", ratio(of(many), of(few)))


def _release(report: Report, scale: int) -> None:
    count = 1_000 // scale
    with fleet(_FEW_EVENTS) as here:
        here.start(SERVE, 2)
        seconds, quiet = released_in(here, count, 10)
    what = f"fleet, two nodes: one green releases {count} deployments, seconds to the last answer"
    report.add_row(what, f"{seconds:.1f}", "<= 20")
    report.add_row("  another installation meanwhile, p50 / p99 ms", quantiles(quiet))


def _neighbors(report: Report, scale: int) -> None:
    noise = 300 // scale
    with fleet(_FEW_EVENTS) as here:
        alone, beside = quiet_beside_noisy(here, 40 // scale, noise, latency=0.05)
    label = f"fleet, two nodes: a quiet installation, alone / beside {noise} deployments of another"
    report.add_row(label, "")
    report.add_row("  alone, p50 / p99 ms", quantiles(alone))
    report.add_row("  beside, p50 / p99 ms", quantiles(beside))


SCENARIOS: Final[Mapping[str, Callable[[Report, int], None]]] = {
    "fleet-acknowledgements": _acknowledgements,
    "fleet-decisions": _decisions,
    "fleet-latency": _latency,
    "fleet-neighbors": _neighbors,
    "fleet-recovery": _recovery,
    "fleet-release": _release,
    "fleet-waiting": _waiting,
}
"""What is measured, by name; the number divides how much of it."""

"""Write the tables of docs/explanation/growth.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tests.bench.growth.figures import Cost, Figures
from tests.bench.growth.model import (
    A_DAY,
    SIZES,
    WEIGHTS,
    Organization,
    busiest_hour,
    calls_in_busiest_hour,
    quota,
    stored_bytes,
    sweep_minutes,
    total,
    trail_bytes_a_year,
)
from tests.bench.growth.simulation import HOUR, play

GOAL: Final = 150
"""Answers a second that two nodes reach at least: the goal of `make bench`."""
BUSY: Final = 0.5
"""Share of a core that is planned for, so that a burst finds room."""
UNKNOWN: Final = "not measured"
_GB: Final = 1e9


def assumptions() -> str:
    """List what a repository does on a working day, and what each of it leaves."""
    events = {
        "runs": "workflow runs that neither deploy nor validate",
        "deployments": "deployments to a gated environment, with their run",
        "holds": "of these, held first",
        "validations": "production validations",
        "pushes": "pushes",
        "comments": "comments on issues",
    }
    rows = [
        (
            words,
            f"{getattr(A_DAY, kind):g}",
            f"{WEIGHTS[kind].webhooks:g}",
            f"{WEIGHTS[kind].calls:g}",
            f"{WEIGHTS[kind].rows:g}",
            f"{WEIGHTS[kind].bytes:,.0f}",
            f"{WEIGHTS[kind].kept_bytes:,.0f}",
        )
        for kind, words in events.items()
    ]
    headings = ("event", "a day", "webhooks", "calls", "rows", "bytes", "of the trail")
    return _table(headings, rows)


def load() -> str:
    """Show for each size what comes in, and what stays."""
    headings = (
        "repositories / installations",
        "webhooks a day",
        "webhooks a second, busiest hour / second",
        "answers a second, busiest hour / second",
        "rows a day",
        "database",
        "trail, each year",
    )
    return _table(headings, (_load(it) for it in SIZES))


def _load(size: Organization) -> Iterable[str]:
    count = size.repositories
    played, hour = play(size, GOAL), busiest_hour(count)
    return (
        _name(size),
        f"{_webhooks(count):,.0f}",
        f"{total(hour, 'webhooks') / HOUR:.1f} / {played.most_webhooks_in_a_second:.0f}",
        f"{hour.deployments / HOUR:.3f} / {played.most_in_a_second}",
        f"{total(A_DAY.times(count), 'rows'):,.0f}",
        _disk(stored_bytes(count)),
        _disk(trail_bytes_a_year(count)),
    )


def limits() -> str:
    """Show for each size what GitHub's limits make of it."""
    headings = (
        "repositories / installations",
        "calls of one installation, busiest hour",
        "quota",
        "from webhook to answer, p50 / p99 / longest",
        "a lost webhook is found within",
    )
    return _table(headings, (_limits(it) for it in SIZES))


def _limits(size: Organization) -> Iterable[str]:
    played = play(size, GOAL)
    waits = " / ".join(_wait(it) for it in (played.p50, played.p99, played.longest))
    calls, allowed = calls_in_busiest_hour(size.largest), quota(size.largest)
    return (
        _name(size),
        f"{calls:,.0f}" if calls <= allowed else f"**{calls:,.0f}**",
        f"{allowed:,.0f}",
        waits,
        f"{sweep_minutes(size.largest):,.0f} min",
    )


def sizes(figures: Figures) -> str:
    """Show for each size what machines it takes, from what was measured."""
    headings = ("repositories", "cores for nodes", "cores for PostgreSQL", "nodes", "disk, 1 year")
    return _table(headings, (_sizes(it, figures) for it in SIZES[:-1]))


def _sizes(size: Organization, figures: Figures) -> Iterator[str]:
    played, count = play(size, GOAL), size.repositories
    yield f"{count:,}"
    if figures.webhook is None or figures.decision is None:
        yield from (UNKNOWN, UNKNOWN, UNKNOWN)
    else:
        webhooks, answers = played.most_webhooks_in_a_second, played.most_in_a_second
        nodes = _cores(webhooks, figures.webhook.nodes, answers, figures.decision.nodes)
        database = _cores(webhooks, figures.webhook.database, answers, figures.decision.database)
        yield f"{nodes:.1f}"
        yield f"{database:.1f}"
        # One more than it takes, so that one may die; a node uses about one core.
        yield f"{max(2, 1 + -(-nodes // 1)):.0f}"
    yield _disk(stored_bytes(count) + trail_bytes_a_year(count))


def measured(figures: Figures) -> str:
    """Show what the sizes are computed from."""
    decided = figures.decided_a_second
    rows = [
        ("acknowledgments a second, one node", _shown(figures.acknowledged_a_second)),
        *(
            (f"decisions a second, {_nodes(it)}, GitHub at 50 ms", _shown(decided.get(it)))
            for it in (1, 2, 3)
        ),
        ("CPU ms for each webhook, node / PostgreSQL", _spent(figures.webhook)),
        ("CPU ms for each decision, two nodes / PostgreSQL", _spent(figures.decision)),
        ("resident memory of a node", _shown(figures.node_mib, " MiB")),
    ]
    return _table(("what", "figure"), rows) + (f"\n\n{figures.machine}" if figures.machine else "")


def _webhooks(repositories: int) -> float:
    return total(A_DAY.times(repositories), "webhooks")


def _cores(webhooks: float, each: float, answers: float, every: float) -> float:
    return (webhooks * each + answers * every) / 1000 / BUSY


def _nodes(count: int) -> str:
    return "one node" if count == 1 else f"{count} nodes"


def _name(size: Organization) -> str:
    return f"{size.repositories:,} / {size.installations}"


def _disk(size: float) -> str:
    return "under 1 GB" if size < _GB else f"{size / _GB:,.0f} GB"


def _wait(seconds: int) -> str:
    return (
        "under 1 s" if seconds == 0 else f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
    )


def _shown(figure: float | None, unit: str = "") -> str:
    return UNKNOWN if figure is None else f"{figure:,.0f}{unit}"


def _spent(cost: Cost | None) -> str:
    return UNKNOWN if cost is None else f"{cost.nodes:g} / {cost.database:g}"


def _table(headings: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = [headings, ("---",) * len(headings), *(tuple(it) for it in rows)]
    return "\n".join(f"| {' | '.join(it)} |" for it in lines)

"""Weigh what one event leaves in PostgreSQL: `python -m tests.bench.growth.weigh`.

Prints the rows and bytes that a run, a validation and a deployment leave, indexes included, split
into the audit trail, which is kept, and all else, which is deleted after five weeks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from sqlalchemy import create_engine, inspect, text

from tests.bench.decisions import furnish
from tests.bench.fleet.nodes import SERVE, Fleet, fleet
from tests.bench.services import wait_for

COUNT: Final = 300
_KEPT: Final = ("audit_entries",)


def main(count: int = COUNT) -> None:
    """Weigh each kind of event, and print a line for each."""
    with fleet() as here:
        here.start(SERVE)
        (green,) = furnish(here, 1, "success")
        (red,) = furnish(here, 1, "failure")
        kinds: dict[str, Callable[[], None]] = {
            "run": lambda: _run(here, green, "ci.yml"),
            "deployment": lambda: _deploy(here, green),
            "hold": lambda: _deploy(here, red),
            "validation": lambda: _run(here, green, "production-validation.yml"),
        }
        for kind, make in kinds.items():
            before = _sizes(here)
            for _ in range(count):
                make()
            here.github.wait_until_delivered(120)
            wait_for(lambda: _is_idle(here), "the node to be idle")
            _print(kind, before, _sizes(here), count)


def _run(here: Fleet, name: str, workflow: str) -> None:
    run_id = here.github.start_run(name, workflow)
    here.github.progress_run(run_id)
    here.github.complete_run(run_id, "success")


def _deploy(here: Fleet, name: str) -> None:
    run_id = here.github.deploy(name).run_id
    if name.startswith("org-success"):
        wait_for(lambda: here.github.run_view(run_id).status == "in_progress", "it", every=0.01)
        here.github.complete_run(run_id, "success")


def _is_idle(here: Fleet) -> bool:
    waiting = "SELECT count(*) FROM deliveries WHERE state = 'received'"
    undecided = "SELECT count(*) FROM gate_requests WHERE state IN ('open', 'answering')"
    return here.count(waiting) == here.count(undecided) == 0


def _sizes(here: Fleet) -> dict[str, tuple[int, int]]:
    """Return the rows and bytes of each table, as they are once nothing dead is left in them."""
    engine = create_engine(here.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM FULL"))
        found = {}
        for table in inspect(engine).get_table_names():
            rows = connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - our own names
            size = connection.scalar(text(f"SELECT pg_total_relation_size('{table}')"))
            found[table] = (rows, size)
    engine.dispose()
    return found


def _print(
    kind: str, before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], count: int
) -> None:
    for label, tables in (("kept", _KEPT), ("deleted", sorted(after.keys() - {*_KEPT}))):
        rows, size = (sum(after[it][at] - before[it][at] for it in tables) for at in (0, 1))
        print(f"{kind}, {label}: {rows / count:.1f} rows, {size / count:.0f} bytes")
    grown = {it: (after[it][0] - before[it][0]) / count for it in after}
    print("  ", {it: round(rows, 2) for it, rows in grown.items() if rows > 0.05})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

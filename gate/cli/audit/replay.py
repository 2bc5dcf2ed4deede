"""`gate replay`: decide again from the record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gate.domain.model.ids import DecisionId
    from gate.reconciler.requests.replay import Replayed


@click.command()
@click.argument("decision", type=click.IntRange(1), required=False, metavar="[DECISION_ID]")
@click.option("--all", "every", is_flag=True, help="Every decision on record.")
def replay(decision: DecisionId | None, *, every: bool) -> None:
    """Repeat recorded decisions and report differences.

    Also checks that the trail has the hash of each record. Exits 1 when a verdict or reason
    differs. For decisions by another engine version, prints what changed without failing. Safe
    while the service runs. Example:

        gate replay --all
    """
    from gate.cli.database.beside_service import database_beside_service
    from gate.errors import GateError
    from gate.policyfile import parse_policy
    from gate.reconciler.requests.replay import replay as decide_again
    from gate.store.engine.database import Snapshot

    if every == (decision is not None):
        raise click.UsageError("pass a decision id, or --all")

    def work(snapshot: Snapshot) -> tuple[int, int, int]:
        count = differing = other_engine = 0
        try:
            for replayed in decide_again(snapshot, parse_policy, decision):
                _show(replayed, every=every)
                count += 1
                differing += not replayed.agrees
                other_engine += replayed.engine is not None
        except GateError as error:
            click.echo(f"differs: {error.detail}")
            count, differing = count + 1, differing + 1
        return count, differing, other_engine

    with database_beside_service() as database:
        count, differing, other_engine = database.read(work)
    if count == 0 and not every:
        raise click.BadParameter("this decision does not exist", param_hint="DECISION_ID")
    if every:
        click.echo(f"{count} decisions, {differing} differ, {other_engine} by another engine")
    sys.exit(1 if differing else 0)


def _show(replayed: Replayed, *, every: bool) -> None:
    """Print what differs; of a single decision also that nothing does."""
    recorded = replayed.recorded
    named = f"decision {recorded.id} of request {recorded.request_id}"
    engine = f" ({replayed.engine})" if replayed.engine is not None else ""
    if replayed.agrees and not every:
        reasons = ", ".join(it.code for it in recorded.decision.reasons)
        click.echo(f"same: {named}: {recorded.decision.verdict}: {reasons}{engine}")
    for problem in replayed.problems:
        click.echo(f"differs: {named}: {problem}{engine}")
    word = "differs" if replayed.engine is None else "changed"
    for difference in replayed.differences:
        click.echo(f"{word}: {named}: {difference}{engine}")

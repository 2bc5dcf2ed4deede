"""`gate replay`: decide again from what was recorded."""

from __future__ import annotations

import sys

import click


@click.command()
@click.argument("decision", type=click.IntRange(1), required=False, metavar="[DECISION_ID]")
@click.option("--all", "every", is_flag=True, help="Every decision on record.")
def replay(decision: int | None, *, every: bool) -> None:
    """Decide again from what was recorded, and say where it comes out differently.

    Checks besides that the trail has the hash of each record. Exits 1 where verdict or reasons
    differ. Safe while the service runs. Example:

        gate replay --all
    """
    from gate.cli.reading import database_to_read
    from gate.domain.ids import DecisionId
    from gate.errors import ConfigError, GateError
    from gate.policyfile import parse_policy
    from gate.reconciler.replay import Replayed
    from gate.reconciler.replay import replay as decide_again
    from gate.store.database import Snapshot

    if every == (decision is not None):
        raise click.UsageError("give the number of a decision, or --all")
    wanted = None if decision is None else DecisionId(decision)

    def show(replayed: Replayed) -> None:
        recorded = replayed.recorded
        named = f"decision {recorded.id} of request {recorded.request_id}"
        engine = f" ({replayed.engine})" if replayed.engine is not None else ""
        if replayed.agrees and not every:
            reasons = ", ".join(it.code for it in recorded.decision.reasons)
            click.echo(f"same: {named}: {recorded.decision.verdict}: {reasons}{engine}")
        for problem in replayed.problems:
            click.echo(f"differs: {named}: {problem}{engine}")

    def work(snapshot: Snapshot) -> tuple[int, int, int]:
        count = differing = other_engine = 0
        for replayed in decide_again(snapshot, parse_policy, wanted):
            show(replayed)
            count += 1
            differing += not replayed.agrees
            other_engine += replayed.engine is not None
        return count, differing, other_engine

    try:
        with database_to_read() as database:
            count, differing, other_engine = database.read(work)
    except ConfigError:
        raise
    except GateError as error:
        click.echo(f"differs: {error.detail}")
        sys.exit(1)
    if wanted is not None and count == 0:
        raise click.BadParameter("there is no such decision", param_hint="DECISION_ID")
    if every:
        click.echo(f"{count} decisions, {differing} differ, {other_engine} by another engine")
    sys.exit(1 if differing else 0)

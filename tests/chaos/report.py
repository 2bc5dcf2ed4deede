"""Write how a run went, so that it can be played again and shrunk."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.oracle import Violation
from tests.chaos.plan import Plan, write_plan
from tests.chaos.run import Played


def describe(plan: Plan, played: Played, violations: list[Violation]) -> str:
    """Return one line about a run that kept its promises, or all about one that did not."""
    record = played.record
    answers = sum(it.state is not None for it in record.reviews)
    waiting = sum(it.waits for it in record.deployments)
    line = (
        f"seed {plan.seed}: {'ok' if not violations else 'BROKEN'}"
        f" ({plan.engine}, {len(plan.nodes)} nodes, {len(plan.steps)} steps:"
        f" {len(record.deployments)} deployments, {answers} answered, {waiting} waiting,"
        f" {len(record.alerts)} alerts, {len(record.entries)} entries; {played.seconds:.0f} s)"
    )
    return "\n".join([line, *(f"  {it}" for it in violations)])


def keep(folder: Path, plan: Plan, played: Played) -> Path:
    """Write the plan, the trail and the logs of a run below a folder; return where they are."""
    place = folder / f"seed-{plan.seed}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "plan.txt").write_text(write_plan(plan), encoding="utf-8")
    (place / "record.txt").write_text(_listed(played), encoding="utf-8")
    for check in played.record.checks:
        (place / f"{check.command.replace(' ', '-')}.txt").write_text(check.said, encoding="utf-8")
    for name, text in played.logs.items():
        (place / name).write_text(text, encoding="utf-8")
    return place


def _listed(played: Played) -> str:
    record = played.record
    groups = (
        record.validations,
        record.told,
        record.deployments,
        record.reviews,
        record.refused,
        record.issues,
        record.comments,
        record.human_reviews,
        record.alerts,
    )
    return "\n".join(str(it) for group in groups for it in group) + "\n"

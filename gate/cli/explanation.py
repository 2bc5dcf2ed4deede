"""Explain a gate request on a terminal or to a program, as its page does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from datetime import datetime

    from gate.domain.comments.run_reference import RunReference
    from gate.domain.model.ids import RepositoryId, RequestId
    from gate.store.engine.database import Snapshot
    from gate.web.pages.deployment.policy import Found


def find_request(snapshot: Snapshot, which: str) -> Found:
    """Read the request that a number names, or the newest of the run that a URL names.

    Raises click's BadParameter where there is none, or the text is neither.
    """
    return _read(snapshot, _request_named(snapshot, which), "ID|RUN-URL")


def find_run(snapshot: Snapshot, repository_id: RepositoryId, run: str) -> Found:
    """Read the newest request of a run of a repository; `run` is its id, or its URL.

    Raises click's BadParameter where there is none, or the text is neither.
    """
    from gate.domain.comments.run_reference import parse_run_reference

    named = parse_run_reference(run)
    if named is None:
        raise click.BadParameter("write a run's id, or its URL", param_hint="--run")
    return _read(snapshot, _newest(snapshot, repository_id, named), "--run")


def _read(snapshot: Snapshot, request_id: RequestId | None, hint: str) -> Found:
    from gate.domain.model.access import EVERYTHING
    from gate.store.requests.story import read_deployment
    from gate.web.pages.deployment.policy import find_policy

    record = None
    if request_id is not None:
        record = read_deployment(snapshot, request_id, EVERYTHING)
    if record is None:
        raise click.BadParameter("the gate has no such request", param_hint=hint)
    return find_policy(snapshot, record, EVERYTHING)


def _request_named(snapshot: Snapshot, which: str) -> RequestId | None:
    """Return the request that a number names, or the newest of the run that a URL names."""
    from gate.cli.database.beside_service import find_repository
    from gate.domain.comments.run_reference import parse_run_reference
    from gate.domain.model.ids import RequestId

    named = parse_run_reference(which)
    if named is None:
        problem = "write a request's number, or the URL of a run"
        raise click.BadParameter(problem, param_hint="ID|RUN-URL")
    if named.full_name is None:
        return RequestId(named.run_id)
    repository_id = find_repository(snapshot, named.full_name, "RUN-URL")
    return _newest(snapshot, repository_id, named)


def _newest(
    snapshot: Snapshot, repository_id: RepositoryId, named: RunReference
) -> RequestId | None:
    """Return the newest request of a run, or of the attempt of it that is named."""
    from gate.domain.model.access import EVERYTHING
    from gate.store.requests.listing import list_records

    filters: dict[str, object] = {"repository_id": repository_id, "run_id": named.run_id}
    if named.run_attempt is not None:
        filters["run_attempt"] = named.run_attempt
    newest = list_records(snapshot, filters=filters, limit=1, before=None, visible=EVERYTHING)
    return newest[0].id if newest else None


def print_request(found: Found) -> None:
    """Print where a request stands, each rule, what people can do, and the next look.

    Names of jobs and flows are anybody's: none of their characters reaches the terminal as control.
    """
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.table import Table

    from gate.domain.text.escaping import visible_lines
    from gate.web.pages.deployment.view import show_deployment

    shown, console = show_deployment(found), Console(highlight=False)
    request = shown["request"]
    console.print(_title(found), markup=False, style="bold", soft_wrap=True)
    console.print(visible_lines(shown["standing"].sentence), markup=False)
    for detail in shown["details"]:
        console.print(f"  {visible_lines(detail)}", markup=False)
    if shown["rules"]:
        table = Table(box=None, pad_edge=False)
        for name in ("", "rule", "seen", "wanted"):
            table.add_column(name, overflow="fold")
        for rule in shown["rules"]:
            words = (rule.text, rule.seen, rule.wanted)
            table.add_row(_MARKS[rule.outcome.value], *map(visible_lines, words))
        console.print()
        console.print(table, markup=False)
    if shown["actions"]:
        console.print()
        text = "\n".join(f"- {it.markdown}" for it in shown["actions"])
        console.print(Markdown(visible_lines(text)))
    console.print()
    if shown["change"]:
        console.print(f"what would change it: {shown['change']}", markup=False)
    if request.is_undecided:
        _print_time(console, "looks again", found.record.recheck_at)
        _print_time(console, "gives up", found.record.give_up_at)
    for policy in found.policies:
        console.print(f"{policy.role}: {policy.source}", markup=False, soft_wrap=True)
    if shown["run_url"]:
        console.print(f"run: {shown['run_url']}", markup=False, soft_wrap=True)


_MARKS: Final = {"passed": "ok", "failed": "FAILED", "not_reached": "-"}


def _title(found: Found) -> str:
    from gate.domain.text.escaping import visible_lines

    request, key = found.record.request, found.record.request.key
    attempt = f" attempt {key.run_attempt}" if key.run_attempt > 1 else ""
    place = visible_lines(f"{found.record.repository} {request.environment}")
    return f"request {request.id}: {place}, run {key.run_id}{attempt}"


def _print_time(console: Any, what: str, at: datetime | None) -> None:  # noqa: ANN401 - rich's
    if at is not None:
        console.print(f"{what}: {at:%Y-%m-%d %H:%M:%S} UTC", markup=False)


def describe_request(found: Found) -> dict[str, object]:
    """Describe a request for programs: where it stands, the rules, what can be done."""
    from gate.web.pages.deployment.view import show_deployment

    shown = show_deployment(found)
    request, record = found.record.request, found.record
    return {
        "id": request.id,
        "repository": record.repository,
        "environment": request.environment,
        "run_id": request.key.run_id,
        "run_attempt": request.key.run_attempt,
        "run_url": shown["run_url"],
        "state": request.state.value,
        "standing": shown["standing"].sentence,
        "details": shown["details"],
        "rules": [
            {
                "rule": it.text,
                "outcome": it.outcome.value,
                "seen": it.seen,
                "wanted": it.wanted,
                "source": {"label": it.source.label, "url": it.source.url} if it.source else None,
                "reason": it.code.value if it.code is not None else None,
            }
            for it in shown["rules"]
        ],
        "actions": [
            {"text": it.markdown, "words": it.words, "url": it.url} for it in shown["actions"]
        ],
        "change": shown["change"],
        "policies": [
            {"role": it.role, "source": it.source, "sha256": it.digest} for it in found.policies
        ],
        "looks_again_at": record.recheck_at,
        "gives_up_at": record.give_up_at,
    }

"""`gate requests`: list what was asked of the gate, and explain why one deployment is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from gate.cli.json_output import print_json

if TYPE_CHECKING:
    from datetime import datetime

    from gate.domain.model.ids import RequestId
    from gate.store.engine.database import Snapshot
    from gate.store.requests.listing import RequestRecord
    from gate.web.pages.deployment.policy import Found

_MOST: Final = 50
_FOLDED: Final = frozenset({"repository", "environment"})
_JSON_HELP: Final = "Print a JSON document."


@click.group(invoke_without_command=True)
@click.option("--held", is_flag=True, help="Only deployments that wait for the gate.")
@click.option("--repo", metavar="OWNER/NAME", help="Only one repository, by name or id.")
@click.option("--limit", type=click.IntRange(1, 1000), default=_MOST, show_default=True)
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.pass_context
def requests(
    context: click.Context, *, held: bool, repo: str | None, limit: int, as_json: bool
) -> None:
    """List gate requests, the newest first, or explain one.

    There is one for each run attempt and environment.

    Safe while the service runs; only GATE_DATABASE_URL is required. Example:

        gate requests --held
    """
    if context.invoked_subcommand is not None:
        return
    from gate.cli.database.beside_service import database_beside_service

    with database_beside_service() as database:
        found = database.read(lambda it: _list(it, held=held, repo=repo, limit=limit))
    if as_json:
        print_json({"requests": [_listed(it) for it in found]})
    else:
        _print_list(found)


@requests.command()
@click.argument("which", metavar="ID|RUN-URL")
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
def show(which: str, *, as_json: bool) -> None:
    """Explain one request: why it stands where it does.

    Each rule with what was seen and what the policy wants, and what people can do.

    ID is the number in the list. The URL of a run, as GitHub shows it, names the newest request of
    that run. Example:

        gate requests show https://github.com/acme/shop/actions/runs/123
    """
    from gate.cli.database.beside_service import database_beside_service

    with database_beside_service() as database:
        found = database.read(lambda it: _find(it, which))
    if as_json:
        print_json(_explained(found))
    else:
        _print_request(found)


def _list(
    snapshot: Snapshot, *, held: bool, repo: str | None, limit: int
) -> Sequence[RequestRecord]:
    from gate.cli.database.beside_service import find_repository
    from gate.domain.model.access import EVERYTHING
    from gate.domain.model.request import UNDECIDED
    from gate.store.requests.listing import list_records

    filters: dict[str, object] = {}
    if held:
        filters["state"] = tuple(it.value for it in UNDECIDED)
    if repo is not None:
        filters["repository_id"] = find_repository(snapshot, repo, "--repo")
    return list_records(snapshot, filters=filters, limit=limit, before=None, visible=EVERYTHING)


def _find(snapshot: Snapshot, which: str) -> Found:
    from gate.domain.model.access import EVERYTHING
    from gate.store.requests.story import read_deployment
    from gate.web.pages.deployment.policy import find_policy

    request_id = _request_named(snapshot, which)
    record = None
    if request_id is not None:
        record = read_deployment(snapshot, request_id, EVERYTHING)
    if record is None:
        raise click.BadParameter("the gate has no such request", param_hint="ID|RUN-URL")
    return find_policy(snapshot, record, EVERYTHING)


def _request_named(snapshot: Snapshot, which: str) -> RequestId | None:
    """Return the request that a number names, or the newest of the run that a URL names."""
    from gate.cli.database.beside_service import find_repository
    from gate.domain.comments.run_reference import parse_run_reference
    from gate.domain.model.access import EVERYTHING
    from gate.domain.model.ids import RequestId
    from gate.store.requests.listing import list_records

    named = parse_run_reference(which)
    if named is None:
        problem = "write a request's number, or the URL of a run"
        raise click.BadParameter(problem, param_hint="ID|RUN-URL")
    if named.full_name is None:
        return RequestId(named.run_id)
    filters: dict[str, object] = {
        "repository_id": find_repository(snapshot, named.full_name, "RUN-URL"),
        "run_id": named.run_id,
    }
    if named.run_attempt is not None:
        filters["run_attempt"] = named.run_attempt
    newest = list_records(snapshot, filters=filters, limit=1, before=None, visible=EVERYTHING)
    return newest[0].id if newest else None


def _print_list(found: Sequence[RequestRecord]) -> None:
    from rich.console import Console
    from rich.table import Table

    from gate.clock import utc_now
    from gate.domain.requests.explanation.outcome import describe_outcome
    from gate.domain.text.durations import age

    if not found:
        click.echo("no request")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "repository", "environment", "run", "state", "why", "asked"):
        table.add_column(name, overflow="fold", no_wrap=name not in _FOLDED)
    now = utc_now()
    for it in found:
        reason = it.reasons[0] if it.reasons else None
        run = f"{it.run_id}/{it.run_attempt}" if it.run_attempt > 1 else str(it.run_id)
        word = describe_outcome(it.state, reason).word
        asked = age(now - it.opened_at)
        table.add_row(str(it.id), it.repository, it.environment, run, word, reason or "", asked)
    Console().print(table, markup=False)


def _print_request(found: Found) -> None:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.table import Table

    from gate.web.pages.deployment.view import show_deployment

    shown, console = show_deployment(found), Console(highlight=False)
    request = shown["request"]
    console.print(_title(found), markup=False, style="bold", soft_wrap=True)
    console.print(shown["standing"].sentence, markup=False)
    for detail in shown["details"]:
        console.print(f"  {detail}", markup=False)
    if shown["rules"]:
        table = Table(box=None, pad_edge=False)
        for name in ("", "rule", "seen", "wanted"):
            table.add_column(name, overflow="fold")
        for rule in shown["rules"]:
            table.add_row(_MARKS[rule.outcome.value], rule.text, rule.seen, rule.wanted)
        console.print()
        console.print(table, markup=False)
    if shown["actions"]:
        console.print()
        console.print(Markdown("\n".join(f"- {it.markdown}" for it in shown["actions"])))
    console.print()
    if request.is_undecided:
        _print_time(console, "looks again", found.record.recheck_at)
        _print_time(console, "gives up", found.record.give_up_at)
    if shown["run_url"]:
        console.print(f"run: {shown['run_url']}", markup=False, soft_wrap=True)


_MARKS: Final = {"passed": "ok", "failed": "FAILED", "not_reached": "-"}


def _title(found: Found) -> str:
    request, key = found.record.request, found.record.request.key
    attempt = f" attempt {key.run_attempt}" if key.run_attempt > 1 else ""
    return (
        f"request {request.id}: {found.record.repository} {request.environment},"
        f" run {key.run_id}{attempt}"
    )


def _print_time(console: Any, what: str, at: datetime | None) -> None:  # noqa: ANN401 - rich's
    if at is not None:
        console.print(f"{what}: {at:%Y-%m-%d %H:%M:%S} UTC", markup=False)


def _listed(record: RequestRecord) -> dict[str, object]:
    from gate.web.api.requests import listed_request

    return listed_request(record)


def _explained(found: Found) -> dict[str, object]:
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
        "looks_again_at": record.recheck_at,
        "gives_up_at": record.give_up_at,
    }

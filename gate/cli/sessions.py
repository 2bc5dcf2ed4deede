"""`gate sessions`: show who is signed in, and end sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gate.domain.access.session import Session
    from gate.store.engine.database import Transaction


@click.group()
def sessions() -> None:
    """Show who is signed in, and end sessions."""


@sessions.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of a table.")
def list_sessions(as_json: bool) -> None:
    """List the sessions of people who are signed in, newest first.

    Safe while the service runs; only GATE_DATABASE_URL is required. Example:

        gate sessions list
    """
    from gate.cli.database import database_beside_service
    from gate.clock import utc_now
    from gate.store.access.sessions import all_sessions

    with database_beside_service() as database:
        found = database.read(lambda snapshot: all_sessions(snapshot, utc_now()))
    if as_json:
        import json

        click.echo(json.dumps([_document(it) for it in found], indent=2))
    elif not found:
        click.echo("nobody is signed in")
    else:
        _print_table(found)


@sessions.command()
@click.argument("session_id", metavar="[ID]", type=int, required=False)
@click.option("--login", metavar="LOGIN", help="End every session of this person.")
@click.option("--all", "everyone", is_flag=True, help="End every session.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
def revoke(session_id: int | None, login: str | None, everyone: bool, as_json: bool) -> None:
    """End the session ID, all of a person, or all there are.

    A session ends at its next request. People can sign in again while GitHub lets them. Safe while
    the service runs; only GATE_DATABASE_URL is required. Example:

        gate sessions revoke --login alice
    """
    from gate.cli.database import database_beside_service

    work = _chosen(session_id, login, everyone=everyone)
    with database_beside_service() as database:
        ended = database.transact(work)
    if as_json:
        click.echo(f'{{"ended": {ended}}}')
    else:
        click.echo(f"ended {ended} session{'' if ended == 1 else 's'}")


def _chosen(
    session_id: int | None, login: str | None, *, everyone: bool
) -> Callable[[Transaction], int]:
    """Return what ends the sessions that the options name; exactly one of them must be given."""
    from gate.store.access.sessions import end_all_sessions, end_session, end_sessions_of_login

    if [session_id is not None, login is not None, everyone].count(True) != 1:
        raise click.UsageError("give one of ID, --login and --all")
    if session_id is not None:
        return lambda tx: end_session(tx, session_id)
    if login is not None:
        return lambda tx: end_sessions_of_login(tx, login)
    return end_all_sessions


def _document(session: Session) -> dict[str, object]:
    from gate.domain.access.session import ends_at

    return {
        "id": session.id,
        "login": session.login,
        "account_id": session.account_id,
        "created_at": session.created_at.isoformat(),
        "seen_at": session.seen_at.isoformat(),
        "ends_at": ends_at(session).isoformat(),
        "repositories": len(session.visible.repositories or ()),
    }


def _print_table(found: list[Session]) -> None:
    from rich.console import Console
    from rich.table import Table

    from gate.domain.access.session import ends_at

    table = Table("session", "login", "signed in", "last used", "ends", "repositories")
    for it in found:
        times = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (it.created_at, it.seen_at, ends_at(it)))
        table.add_row(str(it.id), it.login, *times, str(len(it.visible.repositories or ())))
    Console().print(table)

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
    from gate.cli.database.beside_service import database_beside_service
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

    A session ends at its next request. People can sign in again while GitHub lets them. With the
    settings of the service, their tokens are revoked at GitHub too; otherwise those expire within
    eight hours. Safe while the service runs; only GATE_DATABASE_URL is required. Example:

        gate sessions revoke --login alice
    """
    from gate.cli.database.beside_service import database_beside_service

    work = _chosen(session_id, login, everyone=everyone)
    with database_beside_service() as database:
        ended = database.transact(work)
    revoked, problem = _revoke_tokens(ended)
    count = len(ended)
    if as_json:
        click.echo(f'{{"ended": {count}, "tokens_revoked": {revoked}}}')
    else:
        click.echo(f"ended {count} session{'' if count == 1 else 's'}")
    if problem:
        left = f"{count - revoked} of {count} GitHub tokens were not revoked"
        click.echo(f"{left} and expire within 8 hours: {problem}", err=True)


def _revoke_tokens(ended: list[bytes]) -> tuple[int, str]:
    """Revoke GitHub's tokens of sessions that ended; return how many, and why not all of them.

    When GitHub does not answer, the others are not tried.
    """
    from gate.bootstrap.service import create_users
    from gate.clock import utc_now
    from gate.errors import ConfigError, Refused, RetryLater
    from gate.settings import load_settings
    from gate.store.access.sealing import Sealer, Unreadable

    if not ended:
        return 0, ""
    try:
        settings = load_settings()
    except ConfigError as error:
        return 0, f"run the command with the settings of the service ({error.problems[0]})"
    users = create_users(settings, utc_now)
    if users is None:
        return 0, "GATE_GITHUB_CLIENT_ID and GATE_GITHUB_CLIENT_SECRET are not set"
    sealer = Sealer([it.get_secret_value() for it in settings.session_key])
    revoked, problem = 0, ""
    for sealed in ended:
        try:
            users.revoke(sealer.open(sealed))
        except Unreadable:
            problem = "no key of GATE_SESSION_KEY opens them"
            continue
        except RetryLater as error:
            problem = f"{error.reason}: {error.detail}"
            break
        except Refused as error:
            problem = f"{error.reason}: {error.detail}; they may have been worth nothing before"
            continue
        revoked += 1
    users.close()
    return revoked, problem


def _chosen(
    session_id: int | None, login: str | None, *, everyone: bool
) -> Callable[[Transaction], list[bytes]]:
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

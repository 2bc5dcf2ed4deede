"""`gate token`: create, list and revoke tokens for reading the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gate.domain.access.api_token import StoredToken
    from gate.domain.model.access import Visible
    from gate.domain.model.ids import RepositoryId
    from gate.store.engine.database import Snapshot, Transaction

_BYTES = 32
_DAY = len("2026-03-02")
_MINUTE = len("2026-03-02T12:00")


class _Duration(click.ParamType[timedelta]):
    """A length of time in one unit, such as 90d."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the length; anything else is a usage error."""
        from gate.domain.text.instants import parse_age

        found = parse_age(str(value))
        if found is None or not timedelta() < found <= timedelta(days=3650):
            self.fail(f"{str(value)!r} is not like 90d or 12h, 3650d at most", param, ctx)
        return found


@click.group()
def token() -> None:
    """Create, list and revoke tokens for reading the API."""


@token.command()
@click.option("--name", required=True, metavar="NAME", help="Name of the token's user.")
@click.option(
    "--scope",
    type=click.Choice(["read"]),
    default="read",
    show_default=True,
    help="What it allows.",
)
@click.option(
    "--repository",
    "repositories",
    multiple=True,
    metavar="O/R|ID",
    help="Show only this repository; may be repeated. Without it, the token shows everything.",
)
@click.option(
    "--expires", type=_Duration(), metavar="90d", help="Expire after this time; default: never."
)
def create(name: str, scope: str, repositories: tuple[str, ...], expires: timedelta | None) -> None:
    """Create a token and print it once.

    The database holds only its hash. Safe while the service runs; only GATE_DATABASE_URL is
    required. Example:

        gate token create --name dashboard --repository octo-org/frontend --expires 90d
    """
    import secrets

    from gate.cli.database.beside_service import database_beside_service
    from gate.clock import utc_now
    from gate.domain.access.api_token import Scope
    from gate.settings import is_token_name
    from gate.store.access.api_tokens import create_token

    if not is_token_name(name):
        raise click.BadParameter(
            "start with a letter or digit, then use letters, digits, dots, dashes and underscores;"
            " at most 64 characters",
            param_hint="--name",
        )
    made = f"gate_{secrets.token_urlsafe(_BYTES)}"
    now = utc_now()

    def work(tx: Transaction) -> bool:
        return create_token(
            tx,
            made,
            name=name,
            scope=Scope(scope),
            visible=_visible(tx, repositories),
            now=now,
            expires_at=now + expires if expires is not None else None,
        )

    with database_beside_service() as database:
        if not database.transact(work):
            raise click.BadParameter(
                f"an active token is called {name}; revoke it first, or choose another name",
                param_hint="--name",
            )
    _log("api_token.created", name, scope=scope, repositories=len(repositories) or "all")
    click.echo(made)
    click.echo("Store this token now: it is not shown again.", err=True)


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of a table.")
def list_tokens(as_json: bool) -> None:
    """List all tokens, newest first; expired and revoked ones too.

    Safe while the service runs; only GATE_DATABASE_URL is required. Example:

        gate token list --json
    """
    from gate.cli.database.beside_service import database_beside_service
    from gate.clock import utc_now
    from gate.store.access import api_tokens
    from gate.store.github.repositories import names_of

    def work(snapshot: Snapshot) -> tuple[list[StoredToken], dict[RepositoryId, str]]:
        found = api_tokens.list_tokens(snapshot)
        listed = {number for it in found for number in it.visible.repositories or ()}
        return found, names_of(snapshot, listed)

    with database_beside_service() as database:
        found, names = database.read(work)
    shown = [_shown(it, names, utc_now()) for it in found]
    if as_json:
        import json

        click.echo(json.dumps(shown, indent=2))
    elif not shown:
        click.echo("there are no tokens; create one with `gate token create --name NAME`")
    else:
        _print_table(shown)


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Revoke the active token NAME.

    The service refuses it from its next request on. Safe while the service runs; only
    GATE_DATABASE_URL is required. Example:

        gate token revoke dashboard
    """
    from gate.cli.database.beside_service import database_beside_service
    from gate.clock import utc_now
    from gate.store.access.api_tokens import revoke_token

    with database_beside_service() as database:
        if not database.transact(lambda tx: revoke_token(tx, name, utc_now())):
            raise click.BadParameter("no active token has this name", param_hint="NAME")
    _log("api_token.revoked", name)
    click.echo(f"revoked {name}")


def _visible(snapshot: Snapshot, repositories: tuple[str, ...]) -> Visible:
    from gate.cli.database.beside_service import find_repository
    from gate.domain.model.access import EVERYTHING, Visible

    if not repositories:
        return EVERYTHING
    return Visible(frozenset(find_repository(snapshot, it, "--repository") for it in repositories))


def _log(event: str, name: str, **more: object) -> None:
    """Log what was done, without the token."""
    from gate.log import configure_logging, get_logger

    configure_logging()
    get_logger(__name__).info(event, name=name, **more)


def _shown(
    found: StoredToken, names: dict[RepositoryId, str], now: datetime
) -> dict[str, str | list[str] | None]:
    repositories = found.visible.repositories
    return {
        "name": found.name,
        "state": found.state(now).value,
        "scope": found.scope.value,
        "repositories": None
        if repositories is None
        else sorted(names.get(it, str(it)) for it in repositories),
        "created_at": _instant(found.created_at),
        "expires_at": _instant(found.expires_at),
        "revoked_at": _instant(found.revoked_at),
        "last_used_at": _instant(found.used_at),
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at is not None else None


def _print_table(shown: list[dict[str, str | list[str] | None]]) -> None:
    """Print what fits a terminal of 80 columns: short dates, and names that break before times."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading, folds in (
        ("name", True),
        ("state", False),
        ("repositories", True),
        ("created", False),
        ("expires", False),
        ("last used (UTC)", False),
    ):
        table.add_column(heading, no_wrap=not folds, overflow="fold" if folds else "ignore")
    for it in shown:
        listed = it["repositories"]
        table.add_row(
            Text(f"{it['name']}"),
            f"{it['state']}",
            Text("all" if listed is None else ", ".join(listed)),
            *(f"{it[key] or 'never'}"[:_DAY] for key in ("created_at", "expires_at")),
            f"{it['last_used_at'] or 'never'}"[:_MINUTE].replace("T", " "),
        )
    Console().print(table)

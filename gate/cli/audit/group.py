"""`gate audit`: export the trail, and check that it was not changed."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click

from gate.cli.audit.chains import key_option, public_keys, spell_chain
from gate.cli.instants import Instant
from gate.cli.json_output import print_json


@click.group()
def audit() -> None:
    """Export the audit trail, or check that it was not changed."""


@audit.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="One JSON object per line, or a table.",
)
@click.option("--since", type=Instant(), help="Only entries since this time: 2026-03-02, or 30d.")
@click.option("--repository", metavar="O/R|ID", help="Only entries about this repository.")
@click.option("--installation", type=click.IntRange(0), metavar="ID", help="Only this chain.")
def export(
    form: str, since: datetime | None, repository: str | None, installation: int | None
) -> None:
    """Print the trail, chain by chain, oldest entry first.

    Safe while the service runs. CSV is for reading; only JSON can be verified later. Example:

        gate audit export --since 90d --repository octo-org/frontend > trail.jsonl
    """
    from gate.cli.audit.trail_formats import write_csv, write_jsonl
    from gate.cli.database.beside_service import database_beside_service, find_repository
    from gate.domain.model.access import EVERYTHING
    from gate.store.audit.trail import stream_entries
    from gate.store.engine.database import Snapshot

    def work(snapshot: Snapshot) -> None:
        filters: dict[str, object] = {}
        if repository is not None:
            filters["repository_id"] = find_repository(snapshot, repository, "--repository")
        if installation is not None:
            filters["installation_id"] = installation
        write = write_csv if form == "csv" else write_jsonl
        # A reader that stops early, such as `head`, leaves entries unread.
        with closing(
            stream_entries(snapshot, filters=filters, visible=EVERYTHING, since=since)
        ) as entries:
            write(sys.stdout, entries)

    with database_beside_service() as database:
        database.read(work)


@audit.command()
@key_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
def verify(key_files: tuple[Path, ...], *, as_json: bool) -> None:
    """Check every hash, link, signature and end of the trail.

    Exits 1 at the first broken entry and names it. Safe while the service runs. With --public-key,
    only GATE_DATABASE_URL is required. Example:

        gate audit verify --public-key app.pub.pem
    """
    from gate.cli.database.beside_service import database_beside_service
    from gate.domain.audit.verify import Broken, Intact
    from gate.githubapp.app.signing import check_signature_of
    from gate.store.audit.trail import check_trail
    from gate.store.engine.database import Snapshot

    keys = public_keys(key_files)

    def work(snapshot: Snapshot) -> list[Intact | Broken]:
        # One snapshot, so that what a service writes meanwhile does not look like a break.
        found: list[Intact | Broken] = []
        for chain in check_trail(snapshot, lambda it: check_signature_of(it, keys)):
            found.append(chain)
            if not as_json:
                click.echo(spell_chain(chain))
            if isinstance(chain, Broken):
                break
        return found

    with database_beside_service() as database:
        found = database.read(work)
    intact = [it for it in found if isinstance(it, Intact)]
    is_intact = len(intact) == len(found)
    checked = sum(it.last - it.first + 1 for it in intact)
    if as_json:
        print_json({"intact": is_intact, "checked_entries": checked, "chains": found})
    elif is_intact:
        click.echo(f"{checked} entries checked: hashes, links, numbers, signatures and heads")
    sys.exit(0 if is_intact else 1)


@audit.command("mark-restored")
@click.option(
    "--backup-at",
    type=Instant(),
    required=True,
    help="State that was restored: a time, or 2h ago as 2h.",
)
def mark_restored(backup_at: datetime) -> None:
    """Record that the database was restored from a backup.

    Begins a new segment in every chain of the trail. For PostgreSQL: a file made by `gate backup`
    does this itself when a service starts on it. Safe while the service runs; only
    GATE_DATABASE_URL is required. Example:

        gate audit mark-restored --backup-at 2026-03-02T02:00:00Z
    """
    from gate.cli.database.beside_service import database_beside_service
    from gate.clock import utc_now
    from gate.domain.audit.chain import written
    from gate.store.audit.restoring import begin_segments

    now = utc_now()
    if backup_at > now:
        raise click.BadParameter("is in the future", param_hint="--backup-at")
    with database_beside_service() as database:
        count = database.transact(lambda tx: begin_segments(tx, written(backup_at), now))
    click.echo(f"began a new segment in {count} chain{'' if count == 1 else 's'}")

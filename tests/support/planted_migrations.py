"""Make releases of the future: the migrations of today, and one or two more.

A test that wants the previous release beside the next one takes today's code as the previous one.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import gate.store.engine.migrations
from gate.store.engine.migrations.revisions import OURS, Revisions

EXPANSION: Final = "9001"
CONTRACTION: Final = "9002"

# All that an expansion may do, to every table there is: the older release knows none of it.
_EXPANDED: Final = """
    for table in sa.inspect(op.get_bind()).get_table_names():
        if table.startswith(("alembic", "procrastinate", "schema_")):
            continue
        op.add_column(table, sa.Column("later_note", sa.Text(), nullable=True))
        op.add_column(
            table, sa.Column("later_flag", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        op.create_index(f"ix_{table}_later_flag", table, ["later_flag"])
    op.create_table("later_things", sa.Column("id", sa.BigInteger(), primary_key=True))
"""
_CONTRACTED: Final = """
    op.drop_table("policy_authors")
"""
_SCRIPT: Final = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
{kind}


def upgrade():
{steps}
"""


def next_release(folder: Path) -> Revisions:
    """Make the migrations of the next release, which expands whatever there is."""
    _copy(folder)
    _plant(folder, EXPANSION, OURS.head, "expands = True", _EXPANDED)
    return Revisions(str(folder))


def release_after_next(folder: Path) -> Revisions:
    """Make the migrations of the release after the next one: it drops what today's code uses."""
    next_release(folder)
    _plant(folder, CONTRACTION, EXPANSION, f'contracts = "{EXPANSION}"', _CONTRACTED)
    return Revisions(str(folder))


def planted(folder: Path, steps: str) -> Revisions:
    """Make a next release whose migration calls itself an expansion and takes these steps."""
    _copy(folder)
    _plant(folder, EXPANSION, OURS.head, "expands = True", f"    {steps}")
    return Revisions(str(folder))


def _copy(folder: Path) -> None:
    ours = Path(gate.store.engine.migrations.__path__[0])
    shutil.copytree(ours, folder, ignore=shutil.ignore_patterns("__pycache__"))


def _plant(folder: Path, revision: str, before: str, kind: str, steps: str) -> None:
    text = _SCRIPT.format(revision=revision, before=before, kind=kind, steps=steps)
    (folder / "versions" / f"{revision}_planted.py").write_text(text, encoding="utf-8")

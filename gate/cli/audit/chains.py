"""Read the keys that may have signed the trail, and spell what was found about its chains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.errors import ConfigError

if TYPE_CHECKING:
    from gate.domain.audit.chain import Checkpoint
    from gate.domain.audit.verify import Broken, Intact, Trusts
    from gate.githubapp.app.signing import PublicKey

key_option = click.option(
    "--public-key",
    "key_files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Public key that may have signed the trail, instead of the configured key; may be"
    " repeated.",
)


def public_keys(files: tuple[Path, ...]) -> list[PublicKey]:
    """Read the keys from the files, or else take the key of the settings."""
    from gate.githubapp.app.signing import read_public_key

    if not files:
        from gate.bootstrap.service import create_credentials
        from gate.settings import load_settings

        return [create_credentials(load_settings()).public_key]
    keys = []
    for file in files:
        try:
            keys.append(read_public_key(file.read_bytes()))
        except ValueError as error:
            raise click.BadParameter(f"{file}: {error}", param_hint="--public-key") from None
    return keys


def trusts_if_known(files: tuple[Path, ...]) -> Trusts:
    """Return the check of signatures; without files and settings, warn and check none."""
    from gate.githubapp.app.signing import check_signature_of

    try:
        keys = public_keys(files)
    except ConfigError:
        click.echo("signatures are not checked: give --public-key, or the App's settings", err=True)
        return _trust
    return lambda checkpoint: check_signature_of(checkpoint, keys)


def spell_chain(chain: Intact | Broken) -> str:
    """Spell whether a chain is whole, and up to where, with a line for each of its segments."""
    from gate.domain.audit.verify import Broken

    if isinstance(chain, Broken):
        return f"broken: {chain}"
    return "\n".join([f"ok: {_spell_intact(chain)}", *(f"    {it}" for it in chain.segments)])


def _trust(_checkpoint: Checkpoint) -> str | None:
    return None


def _spell_intact(chain: Intact) -> str:
    if chain.last < chain.first:
        entries = "no entries left"
    else:
        entries = f"entries {chain.first} to {chain.last}"
    if chain.first > 1:
        entries += f" (entries up to {chain.first - 1} were removed under a signed checkpoint)"
    signed = f"signed up to {chain.signed}" if chain.signed else "not signed yet"
    checkpoints = f"{chain.checkpoints} checkpoint{'' if chain.checkpoints == 1 else 's'}"
    return (
        f"installation {chain.installation_id}: {entries}, {checkpoints}, {signed},"
        f" last hash {chain.hash}"
    )

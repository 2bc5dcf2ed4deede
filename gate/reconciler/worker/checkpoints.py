"""Sign the end of each chain of the trail, so that nobody without the key can rewrite it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gate.domain.audit.chain import ChainHead, Checkpoint, checkpoint_text
from gate.reconciler.deps import Deps
from gate.reconciler.signer import Signer
from gate.store.audit.checkpoints import heads_to_sign, record_checkpoint
from gate.store.engine.database import Transaction

SIGN_EVERY: Final = timedelta(hours=1)
"""How often a chain that grows is signed; what is younger rests on the database alone."""


def sign_chains(deps: Deps) -> int:
    """Sign the chains that grew since they were last signed, an hour ago or more; count them."""
    now = deps.clock()
    heads = deps.database.read(
        lambda snapshot: heads_to_sign(snapshot, last_before=now - SIGN_EVERY)
    )
    signed = [signed_checkpoint(head, deps.signer, now) for head in heads]

    def record(tx: Transaction) -> None:
        for checkpoint in signed:
            record_checkpoint(tx, checkpoint)

    if signed:
        deps.database.transact(record)
    return len(signed)


def signed_checkpoint(head: ChainHead, signer: Signer, now: datetime) -> Checkpoint:
    """Make the checkpoint of a chain's head."""
    checkpoint = Checkpoint(head.installation_id, head.sequence, head.hash, now, signer.fingerprint)
    return replace(checkpoint, signature=signer.sign(checkpoint_text(checkpoint)))

"""A refusal tells whoever overrode what they can do themselves."""

from __future__ import annotations

import pytest

from gate.domain.comments.replies import render_refused
from gate.domain.model.overrides import OverrideChannel, Refusal, RefusalCode, RefusedClaim
from tests.support.builders.overrides import make_claim


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (
            RefusalCode.BEFORE_RED,
            "Repeat the override in a new comment, now that the deployment is held.",
        ),
        (RefusalCode.RATIONALE_SHORT, "Add what is missing in a new comment"),
        (
            RefusalCode.SELF_REVIEW,
            "You cannot release this deployment; another eligible reviewer can.",
        ),
        (RefusalCode.NOT_ALLOWED, "Nobody can override this hold. Fix its cause."),
        (RefusalCode.HOLD_NOT_OVERRIDABLE, "Nobody can override this hold. Fix its cause."),
    ],
)
def test_a_refusal_says_how_to_go_on(code: RefusalCode, ending: str) -> None:
    """Who can mend it is told how; where nobody may override, nobody is sent for."""
    claim = make_claim()
    refused = RefusedClaim(
        claim.key,
        OverrideChannel.COMMENT,
        claim.person,
        claim.given_at,
        (Refusal(code, "it is so"),),
    )
    assert ending in render_refused(refused)

"""Commands about the tokens by which workflow runs prove who they are."""

from typing import Any

from gate.simulator.commands.command import Stage
from gate.simulator.state.records import TokenRequest


def token_request(stage: Stage, run_id: int) -> TokenRequest:
    """Return what the runner of a run has as ACTIONS_ID_TOKEN_REQUEST_URL and …_TOKEN."""
    return stage.issuer.token_request(stage.world.run(run_id))


def mint_token(
    stage: Stage,
    run_id: int,
    audience: str,
    claims: dict[str, Any] | None = None,
    enterprise: str | None = None,
) -> str:
    """Sign a token for the present attempt of a run, with some claims changed, or left out by None.

    Unlike GitHub's, it may say what is not true. An `enterprise` has an issuer of its own.
    """
    return stage.issuer.mint(stage.world.run(run_id), audience, claims, enterprise)


def rotate_oidc_key(
    stage: Stage,
    keep: bool = False,  # noqa: FBT001, FBT002 - commands are called by keyword
) -> str:
    """Sign tokens with a new key, and give its id; `keep` still shows the keys before."""
    return stage.issuer.rotate(keep=keep)

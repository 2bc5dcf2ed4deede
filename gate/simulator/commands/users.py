"""Commands about people who sign in to an App."""

from gate.simulator.commands.command import Stage


def sign_in_as(stage: Stage, login: str | None) -> None:
    """Let this person consent at once whenever an App asks; None shows a page that asks who."""
    stage.authorization.person = None if login is None else stage.world.account(login)


def revoke_authorization(stage: Stage, login: str) -> None:
    """Make every token of a person worthless, as when they revoke the App's authorization."""
    stage.authorization.revoke(stage.world.account(login))

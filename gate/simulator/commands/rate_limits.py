"""Commands that let the gate run into GitHub's rate limits."""

from datetime import timedelta

from gate.simulator.commands.command import Stage
from gate.simulator.faults import Fault


def limit_secondary(
    stage: Stage, retry_after: int | None = 60, times: int = 1, path: str = "", method: str = "*"
) -> int:
    """Let the next requests run into the secondary rate limit; the number given lifts it.

    GitHub answers 403 and usually, but not always, says in `Retry-After` how long to wait.
    """
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = (
        '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before '
        'you try again.", "documentation_url": "https://docs.github.com/rest/using-the-rest-api/'
        'rate-limits-for-the-rest-api#about-secondary-rate-limits"}'
    )
    return stage.faults.add(
        Fault(path, method, times=times, status=403, headers=headers, body=body)
    )


def set_rate_limit(stage: Stage, limit: int | None, installation_id: int | None = None) -> None:
    """Change the hourly limit of one installation or of all; None lifts it."""
    caller = None if installation_id is None else f"installation ID {installation_id}"
    stage.limits.set(limit, caller)


def use_up_rate_limit(stage: Stage, installation_id: int, seconds: int) -> None:
    """Leave an installation no call for so many seconds; then its next hour begins."""
    until = stage.world.now().replace(microsecond=0) + timedelta(seconds=seconds)
    stage.limits.use_up(f"installation ID {installation_id}", until)

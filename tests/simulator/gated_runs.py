"""Start a run that waits at the environment, and send reports on it."""

from typing import Any

from tests.simulator.conftest import REPOSITORY, Story


def waiting(story: Story, **more: Any) -> int:
    """Start a run that waits at the environment."""
    return story.github.deploy(REPOSITORY, **more).run_id


def reports(story: Story, run_id: int, count: int) -> list[int]:
    """Send reports and list how they were answered."""
    token = story.token()
    return [story.review(run_id, comment=str(n), token=token).status for n in range(count)]

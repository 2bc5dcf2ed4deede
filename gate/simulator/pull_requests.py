"""Change pull requests, and announce each change."""

from gate.simulator.events.pull_requests import pull_request_changed
from gate.simulator.state.pull_requests import PullRequest
from gate.simulator.state.repositories import Commit, Repository
from gate.simulator.state.world import World


def follow_branch(world: World, repository: Repository, branch: str, commit: Commit) -> None:
    """Let the open pull requests of a branch of this repository show its new commit."""
    for value in repository.pull_requests.values():
        if value.state == "open" and value.fork is None and value.head_branch == branch:
            move_head(world, repository, value, commit)


def move_head(world: World, repository: Repository, value: PullRequest, commit: Commit) -> None:
    """Let a pull request show a new commit."""
    before = value.head_sha
    value.head_sha, value.updated_at = commit.sha, world.now()
    moved = {"before": before, "after": commit.sha}
    pull_request_changed(world, repository, value, "synchronize", value.author, lambda: moved)

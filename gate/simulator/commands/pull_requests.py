"""Commands about pull requests."""

from gate.simulator.commands.command import Stage
from gate.simulator.commands.repositories import commit_files
from gate.simulator.errors import NoSuchThing
from gate.simulator.events import runs as run_events
from gate.simulator.events.pull_requests import pull_request_changed
from gate.simulator.pull_requests import follow_branch, move_head
from gate.simulator.state.pull_requests import PullRequest
from gate.simulator.state.repositories import Commit, Repository
from gate.simulator.state.world import World


def open_pull_request(
    stage: Stage,
    repository: str,
    files: dict[str, str | None],
    branch: str = "change",
    author: str = "developer",
    base: str | None = None,
    fork: str | None = None,
    title: str = "Change files",
) -> int:
    """Open a pull request with one commit that changes files, and return its number.

    A file that is None is removed. `fork` is the full name of a fork: the commit is known here,
    and no branch.
    """
    world = stage.world
    found = world.repository(repository)
    commit = _commit(world, found, branch, files, author, fork)
    now = world.now()
    value = PullRequest(
        id=world.new_id("pull_request"),
        number=found.next_number,
        title=title,
        author=world.account(author),
        head_branch=branch,
        head_sha=commit.sha,
        base_branch=base or found.default_branch,
        created_at=now,
        updated_at=now,
        fork=fork,
    )
    found.pull_requests[value.number] = value
    pull_request_changed(world, found, value, "opened", value.author)
    return value.number


def push_to_pull_request(
    stage: Stage, repository: str, number: int, files: dict[str, str | None]
) -> str:
    """Push one more commit to a pull request's branch, and return its SHA."""
    world = stage.world
    found = world.repository(repository)
    value = _pull_request(found, number)
    # The branch of a fork is none of this repository's; a commit goes on from where it stood.
    found.branches[value.head_branch] = value.head_sha
    commit = _commit(world, found, value.head_branch, files, value.author.login, value.fork)
    if value.fork is not None:
        move_head(world, found, value, commit)
    return commit.sha


def retarget_pull_request(stage: Stage, repository: str, number: int, base: str) -> None:
    """Change the branch that a pull request is to be merged into."""
    world = stage.world
    found = world.repository(repository)
    value = _pull_request(found, number)
    former, value.base_branch, value.updated_at = value.base_branch, base, world.now()
    before = {"ref": {"from": former}, "sha": {"from": found.branches[former]}}
    changes = {"changes": {"base": before}}
    pull_request_changed(world, found, value, "edited", value.author, lambda: changes)


def merge_pull_request(stage: Stage, repository: str, number: int, login: str) -> None:
    """Merge a pull request whose base has not moved, and announce the push."""
    world = stage.world
    found = world.repository(repository)
    value = _pull_request(found, number)
    before = found.branches[value.base_branch]
    found.branches[value.base_branch] = value.head_sha
    value.state, value.merged, value.updated_at = "closed", True, world.now()
    pull_request_changed(world, found, value, "closed", world.account(login))
    run_events.pushed(world, found, value.base_branch, before, found.commits[value.head_sha])


def _commit(
    world: World,
    repository: Repository,
    branch: str,
    files: dict[str, str | None],
    author: str,
    fork: str | None,
) -> Commit:
    changed = {path: text.encode() for path, text in files.items() if text is not None}
    removed = tuple(path for path, text in files.items() if text is None)
    before = repository.branches.get(branch)
    commit = commit_files(
        world, repository, branch, changed, "Change files", author=author, removed=removed
    )
    if fork is not None:
        del repository.branches[branch]
    else:
        run_events.pushed(world, repository, branch, before, commit)
        follow_branch(world, repository, branch, commit)
    return commit


def _pull_request(repository: Repository, number: int) -> PullRequest:
    found = repository.pull_requests.get(number)
    if found is None:
        raise NoSuchThing(f"no pull request {number} in {repository.full_name}")
    return found

"""Commands about repositories, their files, their environments and their people."""

from gate.simulator.actions import gates
from gate.simulator.commands.command import Stage
from gate.simulator.errors import NoSuchThing
from gate.simulator.events import apps as app_events
from gate.simulator.events import runs as run_events
from gate.simulator.pull_requests import follow_branch
from gate.simulator.state.accounts import AccountType, Installation
from gate.simulator.state.repositories import Commit, ProtectionRule, Repository
from gate.simulator.state.world import World


def create_repository(
    stage: Stage,
    full_name: str,
    installation_id: int | None = None,
    default_branch: str = "main",
    private: bool = False,  # noqa: FBT001, FBT002 - commands are called by keyword
    fork: bool = False,  # noqa: FBT001, FBT002 - as above
    owner_type: AccountType = "Organization",
) -> int:
    """Create a repository with one commit, let an installation see it, and give its id."""
    world = stage.world
    owner, _, name = full_name.partition("/")
    world.require(name, f"{full_name} is no owner/name")
    world.require(full_name.lower() not in world.repository_names, f"{full_name} exists")
    now = world.now()
    repository = Repository(
        id=world.new_id("repository"),
        owner=world.account(owner, owner_type),
        name=name,
        default_branch=default_branch,
        private=private,
        fork=fork,
        created_at=now,
        pushed_at=now,
    )
    world.repositories[repository.id] = repository
    world.repository_names[full_name.lower()] = repository.id
    commit_files(
        world, repository, default_branch, {"README.md": b"# " + name.encode()}, "First commit"
    )
    if installation_id is not None:
        _add(world, world.installation(installation_id), repository)
    for installation in list(world.installations.values()):
        if installation.repository_selection == "all" and installation.account is repository.owner:
            _add(world, installation, repository)
    return repository.id


def add_repository(stage: Stage, installation_id: int, repository: str) -> None:
    """Let an installation see a repository too."""
    world = stage.world
    _add(world, world.installation(installation_id), world.repository(repository))


def remove_repository(stage: Stage, installation_id: int, repository: str) -> None:
    """Take a repository away from an installation: it answers 404 from now on."""
    world = stage.world
    installation, found = world.installation(installation_id), world.repository(repository)
    world.require(found.id in installation.repository_ids, f"{repository} is not included")
    installation.repository_ids.remove(found.id)
    app_events.installation_repositories(
        world, installation, found, "removed", installation.account
    )


def _add(world: World, installation: Installation, repository: Repository) -> None:
    if repository.id not in installation.repository_ids:
        installation.repository_ids.add(repository.id)
        app_events.installation_repositories(
            world, installation, repository, "added", repository.owner
        )


def rename_repository(stage: Stage, repository: str, new_name: str) -> None:
    """Rename a repository; its former name is redirected."""
    world = stage.world
    found = world.repository(repository)
    former = found.full_name.lower()
    del world.repository_names[former]
    world.former_names[former] = found.id
    found.name = new_name
    world.repository_names[found.full_name.lower()] = found.id
    world.forget_shape(found)


def archive_repository(
    stage: Stage,
    repository: str,
    archived: bool = True,  # noqa: FBT001, FBT002 - commands are called by keyword
) -> None:
    """Archive a repository, or unarchive it: while it is archived it can only be read."""
    found = stage.world.repository(repository)
    found.archived = archived
    stage.world.forget_shape(found)


def put_file(
    stage: Stage,
    repository: str,
    path: str,
    content: str,
    branch: str | None = None,
    author: str = "developer",
    git_name: str = "",
) -> str:
    """Commit a file, announce the push, and give the commit's SHA.

    A commit with a `git_name` has the e-mail address of nobody; the author only pushes it.
    """
    found = stage.world.repository(repository)
    files: dict[str, bytes | None] = {path: content.encode()}
    return _push(stage.world, found, branch, files, author, git_name).sha


def delete_file(
    stage: Stage, repository: str, path: str, branch: str | None = None, author: str = "developer"
) -> str:
    """Commit a file's removal, announce the push, and give the commit's SHA."""
    found = stage.world.repository(repository)
    return _push(stage.world, found, branch, {path: None}, author).sha


def protect_environment(
    stage: Stage,
    repository: str,
    environment: str,
    app_id: int | None = None,
    reviewers: list[str] | None = None,
    prevent_self_review: bool = False,  # noqa: FBT001, FBT002 - as above
    can_admins_bypass: bool = True,  # noqa: FBT001, FBT002 - as above
    wait_minutes: int = 0,
    custom_rule: bool = True,  # noqa: FBT001, FBT002 - as above
) -> int:
    """Enable an App's rule on an environment, beside required reviewers; give its id.

    A reviewer is a login, or `team:org/slug`. Without `custom_rule` people alone are asked.
    """
    world = stage.world
    found = world.environment(world.repository(repository), environment)
    app = world.app(app_id)
    if custom_rule and all(rule.app_id != app.id for rule in found.rules):
        found.rules.append(ProtectionRule(world.new_id("protection_rule"), app.id))
    for name in reviewers or ():
        if name.startswith("team:"):
            organization, _, slug = name.removeprefix("team:").partition("/")
            found.reviewers.append(world.team(organization, slug))
        else:
            found.reviewers.append(world.account(name))
    found.prevent_self_review = prevent_self_review
    found.can_admins_bypass = can_admins_bypass
    found.wait_minutes = wait_minutes
    return found.id


def disable_rule(
    stage: Stage, repository: str, environment: str, app_id: int | None = None
) -> None:
    """Disable an App's rule on an environment: the jobs that wait for it fail."""
    world = stage.world
    found_repository = world.repository(repository)
    found = world.environment(found_repository, environment)
    app = world.app(app_id)
    found.rules = [rule for rule in found.rules if rule.app_id != app.id]
    for run_id in sorted(world.waiting_run_ids):
        run = world.runs[run_id]
        if run.repository_id == found_repository.id:
            gates.fail_waiting(world, run, found, app.id)


def delete_environment(stage: Stage, repository: str, environment: str) -> None:
    """Delete an environment: the jobs that wait at it fail."""
    world = stage.world
    found_repository = world.repository(repository)
    found = found_repository.environments.pop(environment.lower(), None)
    if found is None:
        raise NoSuchThing(f"no environment {environment}")
    for run_id in sorted(world.waiting_run_ids):
        run = world.runs[run_id]
        if run.repository_id == found_repository.id:
            gates.fail_waiting(world, run, found)


def set_role(stage: Stage, repository: str, login: str, role: str) -> None:
    """Set a user's role on a repository: admin, maintain, write, triage or read; "" takes it."""
    stage.world.account(login)
    roles = stage.world.repository(repository).roles
    if role:
        roles[login.lower()] = role
    else:
        roles.pop(login.lower(), None)


def set_team_member(stage: Stage, organization: str, slug: str, login: str, role: str) -> None:
    """Make a user a member or maintainer of a team."""
    stage.world.account(login)
    stage.world.team(organization, slug).members[login.lower()] = role


def _push(
    world: World,
    repository: Repository,
    branch: str | None,
    files: dict[str, bytes | None],
    author: str,
    git_name: str = "",
) -> Commit:
    name = branch or repository.default_branch
    before = repository.branches.get(name)
    changed = {path: content for path, content in files.items() if content is not None}
    removed = tuple(path for path, content in files.items() if content is None)
    message = "Change files"
    commit = commit_files(world, repository, name, changed, message, author, removed, git_name)
    run_events.pushed(world, repository, name, before, commit)
    follow_branch(world, repository, name, commit)
    return commit


def commit_files(
    world: World,
    repository: Repository,
    branch: str,
    changed: dict[str, bytes],
    message: str,
    author: str = "developer",
    removed: tuple[str, ...] = (),
    git_name: str = "",
) -> Commit:
    """Put a commit on a branch; a new branch starts at the default one."""
    now = world.now()
    tip = repository.branches.get(branch) or repository.branches.get(repository.default_branch)
    parent = repository.commits[tip] if tip is not None else None
    before = parent.files if parent is not None else {}
    files = {path: content for path, content in before.items() if path not in removed} | changed
    sha = world.sha(repository.id, branch, tip, len(repository.commits), message)
    commit = Commit(
        sha=sha,
        message=message,
        author=author,
        committed_at=now,
        parent=tip,
        files=files,
        added=tuple(path for path in changed if path not in before),
        removed=removed,
        modified=tuple(path for path in changed if path in before),
        git_name=git_name,
    )
    repository.commits[sha] = commit
    repository.branches[branch] = sha
    repository.pushed_at = now
    world.forget_shape(repository)
    return commit

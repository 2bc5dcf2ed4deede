"""The pages of accounts, repositories, commits and files."""

from collections.abc import Iterator

from gate.simulator.pages.subject import (
    Deed,
    Fact,
    Section,
    Subject,
    commit_fact,
    page_of,
    repository_fact,
    time_fact,
)
from gate.simulator.state.repositories import Commit, Repository
from gate.simulator.state.world import World


def list_repositories(world: World) -> Subject:
    """List all repositories, for the front page."""
    facts = tuple(map(repository_fact, world.repositories.values()))
    return Subject(
        "The front page", facts, "On GitHub, it shows your repositories and what is new in them."
    )


def describe_account(world: World, login: str) -> Subject | None:
    """Describe a user, an organization or the bot of an App."""
    account = world.accounts.get(login.lower())
    bots = (app.bot for app in world.apps.values())
    found = account or next((it for it in bots if it.login.lower() == login.lower()), None)
    if found is None:
        return None
    owned = (it for it in world.repositories.values() if it.owner is found)
    facts = (Fact("Kind", found.type.lower()), *map(repository_fact, owned))
    told = "On GitHub, this page is the profile of the account."
    return Subject(f"The account {found.login}", facts, told)


def describe_repository(world: World, repository: Repository) -> Subject:
    """Describe a repository, with the pages that it has here."""
    del world
    facts = (
        Fact("Default branch", repository.default_branch),
        Fact("Visibility", "private" if repository.private else "public"),
        Fact("Workflow runs", str(len(repository.run_ids)), page_of(repository, "actions")),
        Fact("Issues", str(len(repository.issues)), page_of(repository, "issues")),
        Fact(
            "Deployments", str(len(repository.deployment_ids)), page_of(repository, "deployments")
        ),
        *(Fact("Environment", it.name) for it in repository.environments.values()),
    )
    told = 'On GitHub, this page shows the files, and "Settings" has the environments.'
    deploy = Deed("deploy", {"repository": repository.full_name})
    return Subject(f"The repository {repository.full_name}", facts, told, deeds=(deploy,))


def describe_commit(world: World, repository: Repository, sha: str) -> Subject | None:
    """Describe a commit and the files that it changed."""
    del world
    commit = repository.commits.get(sha)
    if commit is None:
        return None
    changes = (
        ("Added", commit.added),
        ("Changed", commit.modified),
        ("Removed", commit.removed),
    )
    facts = (
        repository_fact(repository),
        Fact("Author", commit.author),
        time_fact("Committed", commit.committed_at),
        Fact("Message", commit.message),
        *(Fact(name, path) for name, paths in changes for path in paths),
    )
    return Subject(f"Commit {sha[:12]}", facts, "On GitHub, this page shows the difference.")


def describe_file(world: World, repository: Repository, place: str) -> Subject | None:
    """Describe a file; `place` is a branch, a commit or HEAD, and the path.

    The simulation knows the workflows that ran, though not their text.
    """
    del world
    for commit, path in _places(repository, place):
        text = commit.files.get(path)
        if text is not None or path in repository.workflows:
            break
    else:
        return None
    shown = "The simulation knows no text of this file."
    if text is not None:
        shown = text.decode("utf-8", "replace")
    facts = (repository_fact(repository), commit_fact(repository, commit.sha))
    edit = Deed(
        "put_file", {"repository": repository.full_name, "path": path, "content": "version: 1\n"}
    )
    told = 'On GitHub, "Edit this file" is on this page.'
    return Subject(f"The file {path}", facts, told, (Section("Content", text=shown),), (edit,))


def list_commits(world: World, repository: Repository, place: str) -> Subject | None:
    """List the commits that changed a file, newest first; `place` is as in `describe_file`."""
    del world
    for head, path in _places(repository, place):
        commits = [it for it in _ancestry(repository, head) if _touches(it, path)]
        if commits:
            break
    else:
        return None
    facts = (
        repository_fact(repository),
        *(
            Fact(it.author, it.message or it.sha[:12], page_of(repository, "commit", it.sha))
            for it in commits
        ),
    )
    return Subject(f"The history of {path}", facts, "On GitHub, this page lists the commits.")


def _places(repository: Repository, place: str) -> Iterator[tuple[Commit, str]]:
    """Split `place` where a branch or a commit ends; a branch's name may hold slashes."""
    segments = place.split("/")
    heads = repository.branches | {"HEAD": repository.branches.get(repository.default_branch, "")}
    for number in range(1, len(segments)):
        name = "/".join(segments[:number])
        commit = repository.commits.get(heads.get(name, name))
        if commit is not None:
            yield commit, "/".join(segments[number:])


def _ancestry(repository: Repository, head: Commit) -> Iterator[Commit]:
    commit: Commit | None = head
    while commit is not None:
        yield commit
        commit = repository.commits.get(commit.parent or "")


def _touches(commit: Commit, path: str) -> bool:
    return path in (*commit.added, *commit.modified, *commit.removed)

"""REST API endpoints for commits."""

from collections.abc import Iterator

from gate.simulator.rest.paging import page
from gate.simulator.rest.routing import ROUTES, Call, Reply, not_found
from gate.simulator.shapes.commits import commit
from gate.simulator.state.repositories import Commit, Repository


@ROUTES.repository("GET", "/commits", ("contents", "read"))
def list_commits(call: Call) -> Reply:
    """List the commits of a branch, newest first; with `path` those that touched it."""
    repository = call.repository
    ref = call.request.query.get("sha") or repository.default_branch
    tip = repository.commits.get(repository.branches.get(ref, ref))
    if tip is None:
        raise not_found()
    path = call.request.query.get("path", "").strip("/")
    found = [it for it in _history(repository, tip) if _touches(it, path)]
    return page(call, found, lambda it: commit(call.world, repository, it))


def _history(repository: Repository, tip: Commit) -> Iterator[Commit]:
    at: Commit | None = tip
    while at is not None:
        yield at
        at = repository.commits[at.parent] if at.parent is not None else None


def _touches(commit: Commit, path: str) -> bool:
    """Return whether a commit changed a file, or one in a folder."""
    touched = (*commit.added, *commit.removed, *commit.modified)
    return not path or any(it == path or it.startswith(f"{path}/") for it in touched)

"""REST API endpoints for commits."""

from collections.abc import Iterator

from gate.simulator.rest.paging import page
from gate.simulator.rest.routing import ROUTES, Call, Reply, not_found
from gate.simulator.shapes.commits import commit
from gate.simulator.shapes.repositories import api_url, html_url
from gate.simulator.state.repositories import Commit, Repository
from gate.simulator.state.world import Json


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


@ROUTES.repository("GET", "/compare/{basehead}", ("contents", "read"))
def compare_commits(call: Call) -> Json:
    """Compare two commits, `BASE...HEAD`: where they parted, and how far each has gone since."""
    repository = call.repository
    base, _, head = call.parameters["basehead"].partition("...")
    tips = [repository.commits.get(repository.branches.get(it, it)) for it in (base, head)]
    if tips[0] is None or tips[1] is None:
        raise not_found()
    mine, theirs = ([it.sha for it in _history(repository, tip)] for tip in tips if tip)
    shared = next((sha for sha in theirs if sha in set(mine)), None)
    if shared is None:
        raise not_found()
    ahead, behind = theirs.index(shared), mine.index(shared)
    status = ("diverged" if behind else "ahead") if ahead else ("behind" if behind else "identical")
    shown = repository.commits
    url = f"{api_url(call.world, repository)}/compare/{base}...{head}"
    page = f"{html_url(call.world, repository)}/compare/{base}...{head}"
    return {
        "url": url,
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": commit(call.world, repository, tips[0]),
        "merge_base_commit": commit(call.world, repository, shown[shared]),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": [commit(call.world, repository, shown[sha]) for sha in theirs[:ahead][::-1]],
        "files": [],
    }


def _history(repository: Repository, tip: Commit) -> Iterator[Commit]:
    at: Commit | None = tip
    while at is not None:
        yield at
        at = repository.commits[at.parent] if at.parent is not None else None


def _touches(commit: Commit, path: str) -> bool:
    """Return whether a commit changed a file, or one in a folder."""
    touched = (*commit.added, *commit.removed, *commit.modified)
    return not path or any(it == path or it.startswith(f"{path}/") for it in touched)

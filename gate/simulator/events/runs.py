"""Events that begin and follow workflow runs: `push` and `workflow_run`."""

from gate.simulator.events.announcement import announce
from gate.simulator.shapes import actions, repositories
from gate.simulator.state.repositories import Commit, Repository
from gate.simulator.state.runs import Run
from gate.simulator.state.world import Json, World


def pushed(
    world: World, repository: Repository, branch: str, before: str | None, commit: Commit
) -> None:
    """Send `push` for one new commit on a branch."""
    sender = world.account(commit.author)
    person = {
        "name": commit.author,
        "email": f"{commit.author}@users.noreply.github.test",
        "username": commit.author,
    }
    page = repositories.html_url(world, repository)

    def body() -> Json:
        described: Json = {
            "id": commit.sha,
            "tree_id": world.sha("tree", commit.sha),
            "distinct": True,
            "message": commit.message,
            "timestamp": commit.committed_at.isoformat(timespec="seconds"),
            "url": f"{page}/commit/{commit.sha}",
            "author": person,
            "committer": person,
            "added": list(commit.added),
            "removed": list(commit.removed),
            "modified": list(commit.modified),
        }
        return {
            "ref": f"refs/heads/{branch}",
            "before": before or "0" * 40,
            "after": commit.sha,
            "created": before is None,
            "deleted": False,
            "forced": False,
            "base_ref": None,
            "compare": f"{page}/compare/{(before or commit.sha)[:12]}...{commit.sha[:12]}",
            "commits": [described],
            "head_commit": described,
            "pusher": {"name": commit.author, "email": person["email"]},
        }

    announce(world, repository, "push", None, body, sender)


def workflow_run(world: World, run: Run, action: str) -> None:
    """Send `workflow_run`: requested, in_progress or completed."""
    repository = world.repository_of(run)

    def body() -> Json:
        return {
            "workflow_run": actions.workflow_run(world, run),
            "workflow": actions.workflow(world, repository, run.workflow),
        }

    announce(world, repository, "workflow_run", action, body, run.attempt.triggering_actor)

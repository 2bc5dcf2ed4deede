"""Pull requests as GitHub's REST API and webhooks show them."""

from gate.simulator.clock import timestamp
from gate.simulator.shapes.accounts import node_id, simple_user
from gate.simulator.shapes.repositories import api_url, html_url
from gate.simulator.shapes.repositories import repository as repository_shape
from gate.simulator.state.pull_requests import PullRequest
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, World


def pull_request(world: World, repository: Repository, value: PullRequest) -> Json:
    """Describe a pull request; how much it changes is not counted."""
    base = repository_shape(world, repository)
    url = f"{api_url(world, repository)}/pulls/{value.number}"
    issue = f"{api_url(world, repository)}/issues/{value.number}"
    page = f"{html_url(world, repository)}/pull/{value.number}"
    statuses = f"{api_url(world, repository)}/statuses/{value.head_sha}"
    addresses = {
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{url}/comments{{/number}}",
        "comments_url": f"{issue}/comments",
        "statuses_url": statuses,
    }
    links = {
        "self": url,
        "html": page,
        "issue": issue,
        "comments": addresses["comments_url"],
        "review_comments": addresses["review_comments_url"],
        "review_comment": addresses["review_comment_url"],
        "commits": addresses["commits_url"],
        "statuses": statuses,
    }
    owner = (value.fork or repository.full_name).partition("/")[0]
    is_fork = value.fork is not None
    return {
        "url": url,
        "id": value.id,
        "node_id": node_id("PR", value.id),
        **addresses,
        "number": value.number,
        "state": value.state,
        "locked": False,
        "title": value.title,
        "user": simple_user(world, value.author),
        "body": None,
        "labels": [],
        "milestone": None,
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.updated_at),
        "closed_at": timestamp(value.updated_at) if value.state == "closed" else None,
        "merged_at": timestamp(value.updated_at) if value.merged else None,
        "merge_commit_sha": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "draft": False,
        "head": {
            "label": f"{owner}:{value.head_branch}",
            "ref": value.head_branch,
            "sha": value.head_sha,
            "user": simple_user(world, world.account(owner)),
            # The simulation has no repository for a fork; GitHub, too, has none once it is deleted.
            "repo": None if is_fork else base,
        },
        "base": {
            "label": f"{repository.owner.login}:{value.base_branch}",
            "ref": value.base_branch,
            "sha": repository.branches[value.base_branch],
            "user": simple_user(world, repository.owner),
            "repo": base,
        },
        "_links": {name: {"href": it} for name, it in links.items()},
        "author_association": "CONTRIBUTOR" if is_fork else "MEMBER",
        "auto_merge": None,
        "active_lock_reason": None,
        "merged": value.merged,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 1,
        "deletions": 0,
        "changed_files": 1,
    }


def in_check(world: World, repository: Repository, value: PullRequest) -> Json:
    """Describe a pull request as a check shows it, which is by little."""
    url = api_url(world, repository)
    named = {"id": repository.id, "url": url, "name": repository.name}
    return {
        "url": f"{url}/pulls/{value.number}",
        "id": value.id,
        "number": value.number,
        "head": {"ref": value.head_branch, "sha": value.head_sha, "repo": named},
        "base": {
            "ref": value.base_branch,
            "sha": repository.branches[value.base_branch],
            "repo": named,
        },
    }

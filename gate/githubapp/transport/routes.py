"""Name the route of a path, with a placeholder for each id and name in it."""

from __future__ import annotations

from typing import Final

# What follows these is a name that people gave, whatever it looks like.
_NAMES_AFTER: Final = {
    "repos": ("{owner}", "{repo}"),
    "orgs": ("{org}",),
    "users": ("{user}",),
    "teams": ("{team}",),
    "memberships": ("{user}",),
    "collaborators": ("{user}",),
    "environments": ("{environment}",),
    "workflows": ("{workflow}",),
    "compare": ("{basehead}",),
    "commits": ("{sha}",),
}
_FIXED: Final = frozenset(_NAMES_AFTER) | {
    "access_tokens",
    "actions",
    "app",
    "apps",
    "approvals",
    "artifacts",
    "attempts",
    "branches",
    "check-runs",
    "comments",
    "config",
    "deliveries",
    "deployment-branch-policies",
    "deployment_protection_rule",
    "deployment_protection_rules",
    "deployments",
    "hook",
    "installation",
    "installations",
    "issues",
    "jobs",
    "labels",
    "members",
    "pending_deployments",
    "permission",
    "protection",
    "pulls",
    "reactions",
    "repositories",
    "runs",
    "statuses",
    "user",
}
_FILES: Final = "contents"


def route_of(path: str) -> str:
    """Return a path without its query, in which only words of GitHub's API are left.

    A segment that is neither such a word nor a number becomes `{name}`.
    """
    route: list[str] = []
    names: tuple[str, ...] = ()
    for segment in path.partition("?")[0].strip("/").split("/"):
        if names:
            route.append(names[0])
            names = names[1:]
        elif segment == _FILES:
            return "/".join(["", *route, _FILES, "{path}"])
        elif segment in _FIXED:
            route.append(segment)
            names = _NAMES_AFTER.get(segment, ())
        else:
            route.append("{id}" if segment.isdecimal() else "{name}")
    return "/".join(["", *route])

"""Read the run id out of a callback URL, which is all that the URL is used for.

A `deployment_protection_rule` delivery names its run nowhere else (docs: Creating custom deployment
protection rules). A token would go wherever such a URL points if it were called, so it never is:
the address of an answer is built from the configured API root.
"""

from __future__ import annotations

import re
from typing import Final

from gate.domain.model.ids import RepositoryId, RunId
from gate.errors import DeliveryRejected

_BELOW_ROOT: Final = re.compile(
    r"(?:repos/(?P<name>[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)|repositories/(?P<id>[0-9]{1,19}))"
    r"/actions/runs/(?P<run>[1-9][0-9]{0,18})/deployment_protection_rule"
)
_LARGEST_ID: Final = 2**63 - 1


def parse_callback(
    url: str, *, api_url: str, full_name: str, repository_id: RepositoryId | None = None
) -> RunId:
    """Return the run id in a callback URL of this GitHub and this repository.

    The repository may be named by `full_name` or, where it is given, by `repository_id`; letter
    case does not matter, as for GitHub. Raises DeliveryRejected, "foreign_callback" for a URL that
    is of another API root or repository, "malformed" for one that is no callback at all.
    """
    root = api_url.rstrip("/") + "/"
    # ASCII only: other letters may fold to ASCII ones, or to more than one.
    if not url.isascii() or url[: len(root)].lower() != root.lower():
        raise DeliveryRejected("foreign_callback", "deployment_callback_url: not of this GitHub")
    found = _BELOW_ROOT.fullmatch(url, len(root))
    if found is None or int(found["run"]) > _LARGEST_ID:
        raise DeliveryRejected("malformed", "deployment_callback_url: names no workflow run")
    named = found["name"]
    if named is not None:
        is_own = named.lower() == full_name.lower()
    else:
        is_own = int(found["id"]) == repository_id
    if not is_own:
        raise DeliveryRejected("foreign_callback", "deployment_callback_url: of another repository")
    return RunId(int(found["run"]))

"""Count who overrode and bypassed holds, and where.

Pure. Logins are hostile text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from gate.domain.model.ids import RepositoryId
from gate.domain.statistics.record import Release


@dataclass(frozen=True, slots=True)
class ReleaseCount:
    """How many requests of a repository a person released, or let past the gate.

    `before` is how many it were in the period before. The repository is None where the trail names
    none.
    """

    repository_id: RepositoryId | None
    person: str
    is_bypass: bool
    count: int
    before: int


def count_releases(
    releases: Iterable[Release], before: Iterable[Release]
) -> tuple[ReleaseCount, ...]:
    """Count released requests by repository and person, most first.

    A request that two people approved counts for both.
    """
    now, earlier = _requests(releases), _requests(before)
    counts = [
        ReleaseCount(*key, count=len(requests), before=len(earlier.get(key, ())))
        for key, requests in now.items()
    ]
    counts.sort(key=lambda it: (-it.count, it.repository_id or 0, it.person, it.is_bypass))
    return tuple(counts)


def _requests(
    releases: Iterable[Release],
) -> dict[tuple[RepositoryId | None, str, bool], set[tuple[object, ...]]]:
    found: dict[tuple[RepositoryId | None, str, bool], set[tuple[object, ...]]] = defaultdict(set)
    for it in releases:
        found[it.repository_id, it.person, it.is_bypass].add(it.request)
    return found

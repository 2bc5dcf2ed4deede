"""Parse the run that a person names: by its id, or by its URL on GitHub.

Pure. Which held request that is, `gate.domain.comments.binding` finds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gate.domain.model.ids import RunId

_LARGEST_ID: Final = 2**63 - 1


_RUN_ID: Final = re.compile(r"[1-9][0-9]{0,18}")


_RUN_URL: Final = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?)"
    r"/(?P<name>[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100})/actions/runs/(?P<run>[1-9][0-9]{0,18})"
    r"(?:/attempts/(?P<attempt>[1-9][0-9]{0,5}))?(?:/jobs?/[0-9]{1,19})?/?(?:[?#][^\s]*)?"
)


@dataclass(frozen=True, slots=True)
class RunReference:
    """A run as a person named it: by its id, or by its URL on GitHub.

    `host` and `full_name` are None for a bare id. Both are as written and not checked: the caller
    refuses a URL of another GitHub or repository, ignoring case.
    """

    run_id: RunId
    run_attempt: int | None = None
    host: str | None = None
    full_name: str | None = None


def parse_run_reference(text: str) -> RunReference | None:
    """Parse a run's id, or its URL on GitHub with or without an attempt or a job."""
    if _RUN_ID.fullmatch(text):
        return _reference(int(text))
    found = _RUN_URL.fullmatch(text)
    if found is None:
        return None
    attempt = int(found["attempt"]) if found["attempt"] is not None else None
    return _reference(int(found["run"]), attempt, found["host"], found["name"])


def _reference(
    run_id: int, attempt: int | None = None, host: str | None = None, full_name: str | None = None
) -> RunReference | None:
    return RunReference(RunId(run_id), attempt, host, full_name) if run_id <= _LARGEST_ID else None

"""Judge one testcase of a report, which is a flow or a step of one.

Both its `status` and its content are read, and the worse counts. Anything unknown is never a pass.
"""

from __future__ import annotations

from reporting.document import Element
from reporting.flows import Status
from reporting.wording import clean, cut, one_line

MESSAGE_LIMIT = 2_000
_STATUS_LIMIT = 40
_UNEXPLAINED = "failed; the report gives no reason"

_STATUSES = {
    "SUCCESS": Status.PASSED,
    "COMPLETED": Status.PASSED,
    "WARNING": Status.WARNED,
    "WARNED": Status.WARNED,
    "ERROR": Status.FAILED,
    "FAILED": Status.FAILED,
}
"""Maestro's words for flows and for steps, in pairs. Any other means that it did not complete:
CANCELED, STOPPED, PENDING, PREPARING, INSTALLING, RUNNING, SKIPPED, and words not known yet."""

FAILURES = frozenset({"failure", "error"})
"""The elements that mark a testcase as failed; it may have several."""


def judge_case(case: Element) -> tuple[Status, str | None]:
    """Return the status of a testcase, and a note when it did not simply pass."""
    failures = [child for child in case.children if child.tag in FAILURES]
    given = case.attributes.get("status")
    status = _read_status(given)
    if failures or status is Status.FAILED:
        words = "\n".join(filter(None, map(_message, failures)))
        return Status.FAILED, cut(words, MESSAGE_LIMIT) or _UNEXPLAINED
    if any(child.tag == "skipped" for child in case.children):
        return Status.NOT_RUN, "did not complete: skipped"
    if status is Status.NOT_RUN:
        shown = cut(one_line(given or ""), _STATUS_LIMIT) or "empty status"
        return status, f"did not complete: {shown}"
    return status, "passed with a warning" if status is Status.WARNED else None


def was_skipped(step: Element) -> bool:
    """Return whether a step was skipped on purpose, as after a condition that was false."""
    return step.attributes.get("status", "").upper() == "SKIPPED"


def _read_status(given: str | None) -> Status:
    if given is None:
        return Status.PASSED  # old Maestro wrote none; the testcase then contains the failure
    return _STATUSES.get(given.strip().upper(), Status.NOT_RUN)


def _message(failure: Element) -> str:
    text = clean("".join(failure.text))
    if failure.text_size > sum(map(len, failure.text)):
        text += "…"
    return text or clean(failure.attributes.get("message", ""))

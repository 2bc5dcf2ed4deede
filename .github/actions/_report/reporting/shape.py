"""Check that a report has the shape of Maestro's, so that no result in it is overlooked."""

from __future__ import annotations

import re

from reporting.document import Element
from reporting.flows import Status
from reporting.judging import judge_case
from reporting.problem import ReportProblem
from reporting.wording import cut, one_line

_PARENTS = {
    "testsuites": frozenset[str](),
    "testsuite": frozenset({"testsuites", "testsuite"}),
    "testcase": frozenset({"testsuite"}),
}
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_TAG_LIMIT = 40


def check_shape(root: Element, file: str) -> None:
    """Raise ReportProblem for results in odd places, and for counts that the results belie.

    Fewer failures announced than shown are fine: Maestro counts flows, and not those cancelled.
    """
    if root.tag not in {"testsuites", "testsuite"}:
        raise ReportProblem(file, f"no JUnit report: begins with <{_shown(root)}>", root.line)
    _check_places(root, file)
    _check_counts(root, file)


def _check_places(parent: Element, file: str) -> None:
    for child in parent.children:
        if parent.tag not in _PARENTS.get(child.tag, {parent.tag}):
            raise ReportProblem(file, f"<{child.tag}> inside <{_shown(parent)}>", child.line)
        _check_places(child, file)


def _check_counts(suite: Element, file: str) -> tuple[int, int]:
    """Give how many testcases a suite shows, and how many of them failed."""
    shown = failed = 0
    for child in suite.children:
        if child.tag == "testcase":
            shown += 1
            failed += judge_case(child)[0] is Status.FAILED
        elif child.tag == "testsuite":
            more_shown, more_failed = _check_counts(child, file)
            shown += more_shown
            failed += more_failed
    failures = _announced(suite, "failures", file) + _announced(suite, "errors", file)
    for what, announced, seen in (
        ("tests", _announced(suite, "tests", file), shown),
        ("failures", failures, failed),
    ):
        if announced > seen:
            raise ReportProblem(file, f"announces {announced} {what}, shows {seen}", suite.line)
    return shown, failed


def _announced(suite: Element, count: str, file: str) -> int:
    text = suite.attributes.get(count, "0").strip()
    if not _COUNT.fullmatch(text):
        raise ReportProblem(file, f"its count of {count} is no number", suite.line)
    return int(text)


def _shown(element: Element) -> str:
    return cut(one_line(element.tag), _TAG_LIMIT)

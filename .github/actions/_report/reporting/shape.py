"""Check that a report has the shape of Maestro's, so that no result is overlooked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reporting.document import Element
from reporting.flows import Status
from reporting.judging import FAILURES, judge_case
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
    """Raise ReportProblem for results in odd places, where one could be overlooked."""
    if root.tag not in {"testsuites", "testsuite"}:
        raise ReportProblem(
            file, f"not a JUnit report: the root element is <{_shown(root)}>", root.line
        )
    _check_places(root, file)


def _check_places(parent: Element, file: str) -> None:
    for child in parent.children:
        if parent.tag not in _PARENTS.get(child.tag, {parent.tag}):
            raise ReportProblem(file, f"<{child.tag}> inside <{_shown(parent)}>", child.line)
        _check_places(child, file)


@dataclass
class _Counted:
    """The content of a suite: testcases, failed testcases, and all their failure elements."""

    cases: int = 0
    failed: int = 0
    failures: int = 0


def find_contradictions(root: Element) -> tuple[str, ...]:
    """List where a report declares more than it contains, each with its line.

    Fewer declared failures than contained ones are fine: Maestro counts flows without cancelled
    ones. Other tools count every `<failure>` of a case that has several.
    """
    found: list[str] = []
    _count(root, found)
    return tuple(found)


def _count(suite: Element, found: list[str]) -> _Counted:
    counted = _Counted()
    for child in suite.children:
        if child.tag == "testcase":
            counted.cases += 1
            counted.failed += judge_case(child)[0] is Status.FAILED
            counted.failures += sum(it.tag in FAILURES for it in child.children)
        elif child.tag == "testsuite":
            inner = _count(child, found)
            counted.cases += inner.cases
            counted.failed += inner.failed
            counted.failures += inner.failures
    found += _contradictions(suite, counted)
    return counted


def _contradictions(suite: Element, counted: _Counted) -> Iterator[str]:
    announced = {name: _announced(suite, name) for name in ("tests", "failures", "errors")}
    for name, count in announced.items():
        if count is None:
            yield f"line {suite.line}: the value of {name} is not a number"
    tests = announced["tests"] or 0
    if tests > counted.cases:
        yield f"line {suite.line}: declares {tests} tests but contains {counted.cases}"
    failures = (announced["failures"] or 0) + (announced["errors"] or 0)
    if failures > max(counted.failed, counted.failures):
        yield f"line {suite.line}: declares {failures} failures but contains {counted.failed}"


def _announced(suite: Element, count: str) -> int | None:
    """Parse a count; None when it is not a number."""
    text = suite.attributes.get(count, "0").strip()
    return int(text) if _COUNT.fullmatch(text) else None


def _shown(element: Element) -> str:
    return cut(one_line(element.tag), _TAG_LIMIT)

"""Read Maestro's JUnit reports, plain and detailed, old and new.

Plain: `testsuites/testsuite/testcase`, each testcase a flow. Detailed: a `testsuite` in a
`testsuite` is a flow, its testcases are steps, and sub-flows nest further (maestro-cli,
JUnitTestSuiteReporter.kt).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from reporting.document import Element, parse_document
from reporting.flows import Status, severity
from reporting.judging import MESSAGE_LIMIT, judge_case, was_skipped
from reporting.problem import ReportProblem
from reporting.shape import check_shape, find_contradictions
from reporting.wording import cut, one_line

NAME_LIMIT = 200
_LONGEST_SECONDS = 10_000_000


@dataclass(frozen=True)
class Result:
    """The result of one flow at one place of a report.

    `file` is the flow's own, with `/`, if known. `suite` numbers the suites of one report. `device`
    is the device's name in the report, on one line.
    """

    name: str
    file: str | None
    suite: int
    device: str | None
    status: Status
    note: str | None
    seconds: float | None
    started: datetime | None


def parse_report(data: bytes, file: str) -> tuple[Result, ...]:
    """Return the result of each flow of one report, in its order; there is at least one.

    When the report contradicts its own counts, one more result fails and says so: the other results
    count, but one may be missing. Raises ReportProblem, and nothing else, when it is not a report
    or contains no flow. `file` names the report in the problem.
    """
    root = parse_document(data, file)
    check_shape(root, file)
    reading = _Reading(file)
    suites = [root] if root.tag == "testsuite" else root.children
    for suite in suites:
        if suite.tag == "testsuite":
            reading.read_suite(suite, None)
    if not reading.results:
        raise ReportProblem(file, "contains no flow; an empty report does not pass", root.line)
    return *reading.results, *_contradiction(root, file)


def _contradiction(root: Element, file: str) -> Iterator[Result]:
    """Return a failed result when the counts of a report contradict its content."""
    found = find_contradictions(root)
    if found:
        yield Result(
            name=cut(f"report {file}", NAME_LIMIT),
            file=None,
            suite=-1,
            device=None,
            status=Status.FAILED,
            note=cut("\n".join(found), MESSAGE_LIMIT),
            seconds=None,
            started=None,
        )


class _Reading:
    """One report, as far as it has been read."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._suites = 0
        self.results: list[Result] = []

    def read_suite(self, suite: Element, device: str | None) -> None:
        named = suite.attributes.get("device")
        device = device if named is None else cut(one_line(named), NAME_LIMIT)
        number = self._suites
        self._suites += 1
        for child in suite.children:
            if child.tag == "testcase":
                self._add(child, number, device, judge_case(child))
            elif child.tag == "testsuite" and _holds_flows(child):
                self.read_suite(child, device)
            elif child.tag == "testsuite":
                self._add(child, number, device, _judge_steps(child))

    def _add(
        self, flow: Element, suite: int, device: str | None, judged: tuple[Status, str | None]
    ) -> None:
        attributes = flow.attributes
        status, note = judged
        name = one_line(attributes.get("name", "")) or one_line(attributes.get("id", ""))
        file = _flow_file(attributes.get("file", ""))
        if not name and file is None:
            raise ReportProblem(self._file, "a flow without a name", flow.line)
        self.results.append(
            Result(
                name=name,
                file=file,
                suite=suite,
                device=device,
                status=status,
                note=note,
                seconds=_seconds(attributes.get("time", "")),
                started=_instant(attributes.get("timestamp", "")),
            )
        )


def _holds_flows(suite: Element) -> bool:
    """Return whether a nested suite contains flows, as merged reports do, and not steps of a flow.

    A flow has no device, and no step has an id.
    """
    return "device" in suite.attributes or any(
        child.tag == "testcase" and "id" in child.attributes for child in suite.children
    )


def _judge_steps(flow: Element) -> tuple[Status, str | None]:
    """Return the worst step. Skipped steps do not count, unless there are no others."""
    steps = _steps(flow)
    ran = [step for step in steps if judge_case(step)[0] is Status.FAILED or not was_skipped(step)]
    judged = [(step, *judge_case(step)) for step in ran or steps]
    if not judged:
        return Status.NOT_RUN, "did not complete: no steps"
    step, status, note = max(judged, key=lambda it: severity(it[1]))
    name = one_line(step.attributes.get("name", ""))
    if note is None or name in {"", one_line(flow.attributes.get("name", ""))}:
        return status, note
    return status, cut(f"{cut(name, NAME_LIMIT)}: {note}", MESSAGE_LIMIT)


def _steps(suite: Element) -> list[Element]:
    steps: list[Element] = []
    for child in suite.children:
        if child.tag == "testcase":
            steps.append(child)
        elif child.tag == "testsuite":
            steps.extend(_steps(child))
    return steps


def _flow_file(text: str) -> str | None:
    """Return the flow's file with `/`, whichever system wrote it; None when it names none."""
    path = one_line(text).replace("\\", "/")
    return path if path.rpartition("/")[2] else None


def _seconds(text: str) -> float | None:
    """Parse a duration; None for anything but a plausible number."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds <= _LONGEST_SECONDS else None


def _instant(text: str) -> datetime | None:
    """Parse when a flow started; without an offset it is UTC, the time of a runner."""
    written = re.sub(r"Z$", "+00:00", text.strip())  # Python 3.10 reads no Z
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)

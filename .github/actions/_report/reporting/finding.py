"""Find the report files that an input names, and read them."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from reporting.attempts import merge_results
from reporting.document import SIZE_LIMIT
from reporting.flows import Flow
from reporting.junit import Result, parse_report
from reporting.problem import ReportProblem

FILE_LIMIT = 200


def read_flows(patterns: str) -> tuple[Flow, ...]:
    """Read all reports that `patterns` names, one path or glob per line, into flows.

    Raises ReportProblem when one cannot be read, and when a line matches no file: a missing report
    is not a pass.
    """
    return merge_results(_read_report(path) for path in find_reports(patterns))


def find_reports(patterns: str) -> tuple[Path, ...]:
    """List the files by line, and within a line by name, numbers by their value; each once."""
    found: dict[Path, Path] = {}
    lines = [line.strip() for line in patterns.splitlines() if line.strip()]
    if not lines:
        raise ReportProblem("junit-report", "is empty; it must name a file")
    for line in lines:
        for path in _find(line):
            found.setdefault(path.resolve(), path)
    if len(found) > FILE_LIMIT:
        raise ReportProblem(lines[0], f"matches {len(found)} files; the limit is {FILE_LIMIT}")
    return tuple(found.values())


def _find(line: str) -> list[Path]:
    try:
        named = [line] if Path(line).is_file() else glob.glob(line, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        paths = [path for path in map(Path, named) if path.is_file()]
    except (OSError, ValueError, re.error) as error:
        raise ReportProblem(line, f"invalid path or glob: {error}") from None
    if not paths:
        raise ReportProblem(line, "no report found; a validation without a report does not pass")
    return sorted(paths, key=_by_number)


def _by_number(path: Path) -> list[tuple[int, str]]:
    """Sort `report-2.xml` before `report-10.xml`."""
    parts = re.split(r"([0-9]+)", path.as_posix())
    return [(int(part[:18]), part) if part.isdecimal() else (-1, part) for part in parts]


def _read_report(path: Path) -> tuple[Result, ...]:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ReportProblem(str(path), f"cannot be read: {error.strerror}") from None
    return parse_report(data, str(path))

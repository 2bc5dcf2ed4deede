"""Bound what is kept of a report, so that no job can fill the database.

Pure. The flows that failed are kept first, then those that did not run. What is left out is counted
by how it ended, so that no report looks better than it was. Texts are measured in the bytes that
they take as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from gate.domain.model.reports import SEVERITY, Flow, FlowStatus, LeftOut, ValidationReport

MOST_FLOWS: Final = 500
"""Flows that are kept of a run attempt."""

MOST_NAMES: Final = 64 * 1024
MOST_ERRORS: Final = 96 * 1024
MOST_ADDRESSES: Final = 32 * 1024

_ELLIPSIS: Final = "…"


def bounded(report: ValidationReport) -> ValidationReport:
    """Return the report with as much of it as is kept; the flows stay in their order.

    An error is shortened to its share where all of them together are too long. A report within the
    limits is returned as it is.
    """
    kept = set(_keep(report.flows))
    flows = [flow for at, flow in enumerate(report.flows) if at in kept]
    others = [flow for at, flow in enumerate(report.flows) if at not in kept]
    errors = iter(fit([flow.error for flow in flows if flow.error], MOST_ERRORS))
    return replace(
        report,
        artifact_urls=tuple(_within(report.artifact_urls, MOST_ADDRESSES)),
        flows=tuple(replace(it, error=next(errors)) if it.error else it for it in flows),
        left_out=report.left_out.merged(_count(others)),
    )


def fit(texts: list[str], most: int) -> list[str]:
    """Shorten texts to an equal share each, where all of them take more than `most` bytes."""
    if sum(map(_size, texts)) <= most:
        return texts
    room = most // len(texts)
    return [_cut(text, room) for text in texts]


def _keep(flows: tuple[Flow, ...]) -> Iterator[int]:
    """Choose the flows that are kept, the worst first; give their places.

    Namesakes are told apart by their order, so all that come before one that is kept are kept.
    """
    left = MOST_NAMES
    worst: dict[str, int] = {}
    for flow in flows:
        worst[flow.name] = max(SEVERITY[flow.status], worst.get(flow.name, 0))
    worst_first = sorted(range(len(flows)), key=lambda at: -worst[flows[at].name])
    for at in worst_first[:MOST_FLOWS]:
        left -= _size(flows[at].name)
        if left < 0:
            return
        yield at


def _count(flows: list[Flow]) -> LeftOut:
    statuses = [flow.status for flow in flows]
    failed, not_run = statuses.count(FlowStatus.FAILED), statuses.count(FlowStatus.NOT_RUN)
    return LeftOut(failed, not_run, passed=len(statuses) - failed - not_run)


def _within(texts: Iterable[str], most: int) -> Iterator[str]:
    """Return the first texts that take `most` bytes together."""
    for text in texts:
        most -= _size(text)
        if most < 0:
            return
        yield text


def _cut(text: str, room: int) -> str:
    while (size := _size(text)) > room:
        text = text[: len(text) * room // size - 1] + _ELLIPSIS
    return text


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))

"""Merge all results of one flow: retries, several devices, several reports.

A flow that failed and passed when it was retried is flaky. Only results that certainly belong to
the same flow count as retries; when two results may belong to two flows, the worse one counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reporting.flows import PASSES, Flow, Status, severity
from reporting.judging import MESSAGE_LIMIT
from reporting.junit import NAME_LIMIT, Result
from reporting.wording import cut


@dataclass(frozen=True)
class _Attempt:
    """A result, with the number of its report."""

    report: int
    result: Result


def merge_results(reports: Iterable[tuple[Result, ...]]) -> tuple[Flow, ...]:
    """Return one flow for each that the reports name, in the order in which they first appear.

    `reports` must be in the order in which they were written.
    """
    flows: dict[tuple[str, bool], dict[str | None, list[_Attempt]]] = {}
    for number, report in enumerate(reports):
        for result in report:
            key = (result.file or result.name, result.file is not None)
            devices = flows.setdefault(key, {})
            devices.setdefault(result.device, []).append(_Attempt(number, result))
    names = _name(list(flows))
    return tuple(
        replace(_judge_devices(devices), name=names[key]) for key, devices in flows.items()
    )


def _judge_devices(devices: dict[str | None, list[_Attempt]]) -> Flow:
    """Judge a flow by its worst device, and name all devices with that result."""
    judged = {device: _judge_attempts(attempts) for device, attempts in devices.items()}
    worst = max(judged.values(), key=lambda flow: severity(flow.status))
    if len(judged) == 1 or worst.status is Status.PASSED:
        return worst
    named = [
        device or "an unnamed device" for device, it in judged.items() if it.status is worst.status
    ]
    note = f"on {', '.join(named)}: {worst.note}" if worst.note else f"on {', '.join(named)}"
    return replace(worst, note=cut(note, MESSAGE_LIMIT))


def _judge_attempts(attempts: list[_Attempt]) -> Flow:
    """Judge one flow on one device: the last attempt counts, if it passed."""
    results = _in_order(_without_namesakes(attempts))
    last = results[-1]
    flow = Flow(last.name, last.status, last.note, last.seconds, len(results))
    unpassed = [it for it in results if it.status not in PASSES]
    if not unpassed:
        return flow
    worst = max(unpassed, key=lambda it: severity(it.status))
    if last.status in PASSES:
        return replace(flow, status=Status.FLAKY, note=worst.note)
    return replace(flow, status=worst.status, note=worst.note)


def _without_namesakes(attempts: list[_Attempt]) -> list[Result]:
    """Return the worst result when one suite has a name twice and no file identifies the flow.

    Maestro runs a flow once in a suite, but two files may have flows of the same name.
    """
    kept: dict[object, Result] = {}
    for number, attempt in enumerate(attempts):
        result = attempt.result
        place = (attempt.report, result.suite) if result.file is None else number
        known = kept.get(place)
        if known is None or severity(result.status) > severity(known.status):
            kept[place] = result
    return list(kept.values())


def _in_order(results: list[Result]) -> list[Result]:
    """Sort by start time when all have one; otherwise keep the order of the reports."""
    started = {id(it): it.started for it in results if it.started is not None}
    if len(started) < len(results):
        return results
    return sorted(results, key=lambda it: started[id(it)])


def _name(keys: list[tuple[str, bool]]) -> dict[tuple[str, bool], str]:
    """Return each flow's name: its file's name, or its path when two flows share one."""
    short = {key: key[0].rpartition("/")[2] if key[1] else key[0] for key in keys}
    counted: dict[str, int] = {}
    for name in short.values():
        counted[name] = counted.get(name, 0) + 1
    taken: set[str] = set()
    names = {}
    for key, name in short.items():
        full = cut(name if counted[name] == 1 else key[0], NAME_LIMIT)
        names[key] = full if full not in taken else f"{full} ({len(taken) + 1})"
        taken.add(names[key])
    return names

"""Write what a comment shows of a validation's report: its flows, its change, its artifacts.

Pure. The lines about flows are raw, as the job reported them: whoever shows them must neutralize
them. What stands beside links is rendered here, harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from gate.domain.evidence.comparison import Comparison
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import Flow, FlowStatus, ValidationReport
from gate.domain.text.escaping import cut, neutralize
from gate.domain.text.fold import fold

_NAME_LIMIT: Final = 80
_ERROR_LIMIT: Final = 80
_ID_LIMIT: Final = 60
_URL_LIMIT: Final = 200
_MOST_LISTED: Final = 3
_MOST_ARTIFACTS: Final = 3

# No character that ends a Markdown link, hides where it leads, or names a user.
_SAFE_URL: Final = re.compile(
    r"https://(?P<host>[A-Za-z0-9.-]+(:[0-9]{1,5})?)(/[A-Za-z0-9._~%/?=&+-]*)?"
)


def describe_flows(evidence: Evidence | None) -> tuple[list[str], int]:
    """List the flows that need attention, worst first, and count those that are left out.

    Newly failing flows come before those that failed in the last report too, and those before what
    did not run. Of a pass, the flows are listed that passed with a note.
    """
    if evidence is None or evidence.report is None or evidence.comparison is None:
        return [], 0
    unnamed = 0
    if evidence.state is ValidationState.PASSED:
        listed = _with_a_note(evidence.report)
    else:
        unnamed = evidence.report.left_out.failed + evidence.report.left_out.not_run
        listed = [
            *_failures(evidence.comparison),
            *_labeled("did not run", evidence.report.not_run),
        ]
    lines = [_line(label, flow) for label, flow in islice(listed, _MOST_LISTED)]
    return lines, len(listed) - len(lines) + unnamed


def count_failed(evidence: Evidence | None) -> int:
    """Count the flows that failed, by the report; none without one."""
    return evidence.report.failures if evidence is not None and evidence.report is not None else 0


_Labeled = tuple[str, Flow]


def _failures(comparison: Comparison) -> Iterator[_Labeled]:
    """List new failures before old ones; without an earlier report nothing is called new."""
    if comparison.previous_run_id is None:
        yield from _labeled("failed", comparison.newly_failing)
        return
    yield from _labeled("newly failing", comparison.newly_failing)
    before = f"run {comparison.previous_run_id}, attempt {comparison.previous_run_attempt}"
    yield from _labeled(f"still failing (also in {before})", comparison.still_failing)


def _with_a_note(report: ValidationReport) -> list[_Labeled]:
    noted = (FlowStatus.FLAKY, FlowStatus.WARNED)
    return [(it.status.value, it) for status in noted for it in report.flows if it.status is status]


def _labeled(label: str, flows: Iterable[Flow]) -> Iterator[_Labeled]:
    return ((label, flow) for flow in flows)


def _line(label: str, flow: Flow) -> str:
    attempts = f" ({flow.attempts} attempts)" if flow.attempts > 1 else ""
    error = cut(fold(flow.error or ""), _ERROR_LIMIT)
    return f"{label}: {cut(fold(flow.name), _NAME_LIMIT)}{attempts}{f': {error}' if error else ''}"


def render_terraform(evidence: Evidence) -> list[str]:
    """Name the infrastructure change that was validated, as the report does."""
    named = evidence.report.terraform_deployment_id if evidence.report is not None else None
    shown = neutralize(named or "", _ID_LIMIT)
    return [f"Terraform deployment {shown}"] if shown else []


def render_artifacts(evidence: Evidence) -> list[str]:
    """Link a few artifacts of the report, the most context first."""
    if evidence.report is None:
        return []
    own = _host(evidence.run.html_url) if evidence.run is not None else None
    safe = [url for url in evidence.report.artifact_urls if _host(url) is not None]
    return [_artifact(n, url, own) for n, url in enumerate(safe[:_MOST_ARTIFACTS], 1)]


def _artifact(number: int, url: str, own: str | None) -> str:
    """Link an artifact; where it is not at the host of the run itself, say where the link leads."""
    host = _host(url)
    elsewhere = "" if host is None or host == own else f" at {host}"
    return f"[artifact {number}{elsewhere}]({url})"


def _host(url: str) -> str | None:
    """Return the host that an address leads to; None when it is not safe to link."""
    found = _SAFE_URL.fullmatch(url) if len(url) <= _URL_LIMIT else None
    return found["host"].lower() if found is not None else None

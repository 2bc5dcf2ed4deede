"""Describe the job that reports, and what it submits.

Pure values. A reporter is a run attempt by GitHub's word: every field comes from the claims of a
token that was verified (`gate.githubapp.oidc.verifier`). What it hands in is its own word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.model.ids import AccountId, RepositoryId, RunId, Sha
from gate.domain.model.reports import AlertReport, ValidationReport


@dataclass(frozen=True, slots=True)
class Reporter:
    """A job of one run attempt.

    `workflow` is the file that the run was started from, normalized by `parse_workflow_path`; a job
    of a reusable workflow speaks for the run that called it. `ref` is where the file was read, such
    as `refs/heads/main`. `token_id` is the token's `jti`, `expires_at` its end.
    """

    repository_id: RepositoryId
    owner_id: AccountId
    run_id: RunId
    run_attempt: int
    workflow: str
    ref: str
    event: str
    sha: Sha
    token_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """What a reporter hands in: a report of flows, or an alert, which may have flows of its own."""

    reporter: Reporter
    handed_in: ValidationReport | AlertReport

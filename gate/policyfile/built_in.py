"""The policy of a repository that has none and no server that brings one, as its file would be."""

from __future__ import annotations

from typing import Final

# Written out, rather than left to defaults, because decisions record this text: whoever reads an
# old record must see what applied then. A test compares it with
# `gate.domain.model.policy.policy.BUILT_IN`.
_TEXT: Final = b"""\
# The built-in policy. Put your own at .github/deployment-gate.yml on the default branch.
version: 1
environments:
  production-frontend:
    validation:
      workflow: production-validation.yml
      events: [push, workflow_dispatch, workflow_run, repository_dispatch, schedule]
      max_age: 24h
      required_jobs: []
      covers: latest
    when: {failed: hold, running: hold, inconclusive: hold, missing: hold, stale: hold}
    give_up_after: 24h
    override:
      allow: true
      holds: [failed, inconclusive, missing, stale, uncovered]
      reviewers: []
      prevent_self_review: true
      approvals: 1
      rationale: {min_length: 20, acknowledge: "I accept the risk"}
    mode: enforce
"""


def built_in_text() -> bytes:
    """Return the built-in policy as the bytes of a policy file."""
    return _TEXT

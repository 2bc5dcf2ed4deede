"""Name what people may decide to do about a failed validation."""

from __future__ import annotations

from enum import StrEnum


class Course(StrEnum):
    """What people decided to do about a failure."""

    ROLLBACK = "rollback"
    FIX_FORWARD = "fix-forward"
    ACCEPT_RISK = "accept-risk"

"""The tables, cut by subject. Times are UTC, microseconds since 1970 on both databases.

Only declarations: statements are in the folder of the subject. Importing this package declares all
of them, which migrations rely on.
"""

from gate.store.engine.tables import (
    access,
    audit,
    comments,
    github,
    inbox,
    incidents,
    limits,
    nodes,
    reports,
    requests,
    rounds,
)
from gate.store.engine.tables.base import metadata

__all__ = [
    "access",
    "audit",
    "comments",
    "github",
    "inbox",
    "incidents",
    "limits",
    "metadata",
    "nodes",
    "reports",
    "requests",
    "rounds",
]

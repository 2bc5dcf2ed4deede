"""Multiply the rows of a short story in the database, as years of use leave them behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import text

from gate.store.engine.database import Transaction
from gate.store.engine.tables.base import metadata

FIRST: Final = 1_000_000
"""Above every id that the story itself has."""

PERSON: Final = "mona"
"""Whose deeds are on every third request."""

POLICY: Final = """\
version: 1
environments:
  production-frontend:
    validation:
      workflow: production-validation.yml
"""
"""That of the story's repository."""

_REPOSITORIES: Final = 200
_DECISIONS: Final = 5
_VALIDATIONS: Final = 50
_YEAR: Final = 365 * 24 * 3_600 * 1_000_000

_NUMBERS: Final = """
    WITH RECURSIVE numbers(n) AS (
        SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < {count} - 1
    )
"""


def multiply(tx: Transaction, requests: int, incidents: int) -> None:
    """Copy the rows of a story, spread over a year and over all repositories.

    The story has a repository with a policy, a validation, an approved request and one that is
    held. Of its first incident and alert there are copies where there are any.
    """
    repository = f"{FIRST} + n % {_REPOSITORIES}"
    runs = _REPOSITORIES * _VALIDATIONS
    _copy(
        tx,
        "repositories",
        "repository_id = (SELECT min(repository_id) FROM repositories)",
        _REPOSITORIES,
        {
            "repository_id": f"{FIRST} + n",
            "full_name": "'octo-org/service-' || n",
            # GitHub knows none of them: they are not swept.
            "looked_at": "(SELECT max(at) * 2 FROM audit_entries)",
        },
    )
    _copy(
        tx,
        "runs",
        "run_id = (SELECT min(run_id) FROM runs)",
        runs,
        {
            "repository_id": repository,
            "head_repository_id": repository,
            "run_id": f"{FIRST} + n",
            "value": _replaced(
                tx,
                "value",
                ('"repository_id":', "repository_id", repository),
                ('"run_id":', "run_id", f"{FIRST} + n"),
            ),
        }
        | _spread("started_at", runs),
    )
    _copy(
        tx,
        "policy_texts",
        "digest = (SELECT digest FROM policy_documents WHERE source LIKE 'repository:%')",
        _REPOSITORIES,
        {"digest": "'copy-' || n", "text": _bytes(tx, f"{_text(tx, 'text')} || '# ' || n")},
    )
    for beside in ("", "misnamed:"):
        _copy(
            tx,
            "policy_documents",
            f"source LIKE '{beside}repository:%'",
            _REPOSITORIES,
            {"source": f"'{beside}repository:' || ({FIRST} + n)"}
            | ({} if beside else {"digest": "'copy-' || n"}),
        )
    _copy(
        tx,
        "gate_requests",
        "id = (SELECT max(id) FROM gate_requests WHERE state = 'approved')",
        requests,
        {
            "id": f"{FIRST} + n",
            "repository_id": repository,
            "run_id": f"{10 * FIRST} + n",
            "decision_id": f"{FIRST} + n * {_DECISIONS}",
            # One of each repository waits.
            "state": f"CASE WHEN n < {_REPOSITORIES} THEN 'waiting' ELSE state END",
            "verdict": f"CASE WHEN n < {_REPOSITORIES} THEN 'wait' ELSE verdict END",
            "due_at": "NULL",
        }
        | _spread("opened_at", requests)
        | _spread("waiting_since", requests)
        | _spread("answered_at", requests),
    )
    _copy(
        tx,
        "decisions",
        "id = (SELECT max(id) FROM decisions)",
        requests * _DECISIONS,
        {"id": f"{FIRST} + n", "request_id": f"{FIRST} + n / {_DECISIONS}"}
        | _spread("at", requests * _DECISIONS),
    )
    _copy(
        tx,
        "audit_entries",
        "id = (SELECT max(id) FROM audit_entries WHERE kind = 'decision.made')",
        requests * _DECISIONS,
        {
            "id": f"{FIRST} + n",
            "sequence": f"{FIRST} + n",
            "repository_id": f"{FIRST} + (n / {_DECISIONS}) % {_REPOSITORIES}",
            "run_id": f"{10 * FIRST} + n / {_DECISIONS}",
        }
        | _spread("at", requests * _DECISIONS),
    )
    _copy(
        tx,
        "audit_entries",
        "id = (SELECT max(id) FROM audit_entries WHERE kind = 'decision.made')",
        requests // 3,
        {
            "id": f"{10 * FIRST} + n",
            "sequence": f"{10 * FIRST} + n",
            "kind": "'override.recorded'",
            "actor": f"'{PERSON}'",
            "repository_id": f"{FIRST} + (n * 3) % {_REPOSITORIES}",
            "run_id": f"{10 * FIRST} + n * 3",
        }
        | _spread("at", requests // 3),
    )
    _copy(
        tx,
        "incidents",
        "id = 1",
        incidents,
        {
            "id": f"{FIRST} + n",
            "repository_id": repository,
            # The newest are open.
            "value": _replaced(
                tx,
                "value",
                ('{"id":', "id", f"{FIRST} + n"),
                ('"repository_id":', "repository_id", repository),
            ),
            "resolved_at": f"CASE WHEN n < 20 THEN NULL ELSE {_back('opened_at', incidents)} END",
        }
        | _spread("opened_at", incidents),
    )
    for position in range(3):
        _copy(
            tx,
            "incident_events",
            f"incident_id = 1 AND position = {position}",
            incidents,
            {"incident_id": f"{FIRST} + n"},
        )
    _copy(
        tx,
        "alerts",
        "alert_key = (SELECT min(alert_key) FROM alerts)",
        incidents,
        {
            "alert_key": "alert_key || n",
            "incident": f"CAST({FIRST} + n AS TEXT)",
            "repository_id": repository,
            "due_at": "NULL",
        }
        | _spread("planned_at", incidents),
    )


def _replaced(tx: Transaction, column: str, *changes: tuple[str, str, str]) -> str:
    """Change numbers in JSON: what stands before one, the column that has it, and the new one."""
    replaced = _text(tx, column)
    for before, old, new in changes:
        replaced = f"replace({replaced}, '{before}' || {old} || ',', '{before}' || ({new}) || ',')"
    return _bytes(tx, replaced)


def _text(tx: Transaction, column: str) -> str:
    is_postgresql = tx.dialect.name == "postgresql"
    return f"convert_from({column}, 'UTF8')" if is_postgresql else f"CAST({column} AS TEXT)"


def _bytes(tx: Transaction, text: str) -> str:
    is_postgresql = tx.dialect.name == "postgresql"
    return f"convert_to({text}, 'UTF8')" if is_postgresql else f"CAST({text} AS BLOB)"


def _spread(column: str, count: int) -> dict[str, str]:
    """Go back in time evenly, the first row being the newest."""
    return {column: _back(column, count)}


def _back(column: str, count: int) -> str:
    return f"{column} - n * {_YEAR // count}"


def _copy(
    tx: Transaction, table: str, template: str, count: int, changes: Mapping[str, str]
) -> None:
    """Insert `count` copies of one row, changed by expressions over its columns and `n`."""
    columns = [column.name for column in metadata.tables[table].columns]
    values = ", ".join(changes.get(name, name) for name in columns)
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - names of our own tables
        f" {_NUMBERS.format(count=count)} SELECT {values}"
        f" FROM numbers, (SELECT * FROM {table} WHERE {template} LIMIT 1) AS template"
    )
    tx.execute(text(statement)).close()

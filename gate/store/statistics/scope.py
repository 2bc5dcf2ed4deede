"""Narrow what statistics are read from to what is asked for, and to what its reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId, environment_key
from gate.domain.statistics.record import Period
from gate.store.engine.visibility import only_visible


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the record is looked at: what its reader may see of it; None is all of that."""

    visible: Visible
    repository_id: RepositoryId | None = None
    environment: str | None = None

    @property
    def environment_key(self) -> str | None:
        """Return the environment's name as it identifies it."""
        return environment_key(self.environment) if self.environment is not None else None

    @property
    def repositories(self) -> Visible:
        """Return the repositories that are looked at: none where the wanted one may not be seen."""
        if self.repository_id is None:
            return self.visible
        return self.visible.within(Visible(frozenset({self.repository_id})))


def of_repositories(query: Select[Any], table: Any, scope: Scope) -> Select[Any]:  # noqa: ANN401 - a table's columns
    """Narrow a query of a table that names a repository."""
    return only_visible(query, table.repository_id, scope.repositories)


def within(query: Select[Any], table: Any, scope: Scope) -> Select[Any]:  # noqa: ANN401 - a table's columns
    """Narrow a query of a table that names a repository and an environment."""
    query = of_repositories(query, table, scope)
    if scope.environment_key is not None:
        query = query.where(table.environment_key == scope.environment_key)
    return query


def during(period: Period, column: Any) -> tuple[Any, Any]:  # noqa: ANN401 - a column
    """Return the conditions that a time is in the period."""
    return column >= period.since, column < period.until

"""Narrow a query to the repositories that its reader may see."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select

from gate.domain.model.access import Visible

T = TypeVar("T", bound=tuple[Any, ...])


def only_visible(
    query: Select[*tuple[Any, ...]], repository_id: ColumnElement[Any], visible: Visible
) -> Select[*tuple[Any, ...]]:
    """Return the query without rows of other repositories; unchanged for who may see them all."""
    if visible.repositories is None:
        return query
    return query.where(repository_id.in_(visible.repositories))

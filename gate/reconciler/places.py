"""Say where calls about a repository go."""

from __future__ import annotations

from gate.domain.model.deliveries import Repository
from gate.domain.model.github import Place


def place_of(repository: Repository) -> Place:
    """Give the place of a repository as it was last seen."""
    return Place(repository.installation_id, repository.id, repository.full_name)

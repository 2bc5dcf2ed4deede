"""Where calls about a repository go."""

from __future__ import annotations

from gate.domain.model.deliveries import Repository
from gate.domain.model.github import RepositoryAddress
from tests.support.builders.defaults import INSTALLATION, REPOSITORY
from tests.support.builders.runs import make_account


def test_the_address_of_a_repository_has_what_a_call_needs() -> None:
    """Whose token to take, which repository is meant, and how its path is written."""
    repository = Repository(REPOSITORY, INSTALLATION, "acme/shop", make_account("acme"), "main")

    assert repository.address == RepositoryAddress(INSTALLATION, REPOSITORY, "acme/shop")

"""Describe which repositories a reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gate.domain.model.ids import RepositoryId
from gate.domain.model.runs import Account


@dataclass(frozen=True)
class Visible:
    """The repositories that a reader may see: those listed, or all of them where None is."""

    repositories: frozenset[RepositoryId] | None

    @cached_property
    def listed(self) -> str:
        """Return the numbers in order, separated by commas; made once, for all queries of a page.

        Empty for who sees nothing. It says nothing about who sees everything.
        """
        return ",".join(map(str, sorted(self.repositories or ())))

    def includes(self, repository_id: int | None) -> bool:
        """Return whether a repository may be seen; what belongs to none needs sight of all."""
        if self.repositories is None:
            return True
        return repository_id in self.repositories

    def within(self, other: Visible) -> Visible:
        """Return what both may see."""
        if self.repositories is None or other.repositories is None:
            return other if self.repositories is None else self
        return Visible(self.repositories & other.repositories)


EVERYTHING: Final = Visible(None)
"""What an operator on the gate's own machine sees."""

NOTHING: Final = Visible(frozenset())


@dataclass(frozen=True, slots=True)
class Person:
    """A person as GitHub knows them, and what GitHub lets them read."""

    account: Account
    visible: Visible

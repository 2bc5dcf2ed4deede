"""The migrations that a release knows, in their order, and what each of them asks of older nodes.

A migration declares `expands = True` if the releases before it work on as if nothing had happened,
or `contracts = "0012"` if only releases that know revision 0012 do: see docs/adr/0026. One that
builds an index on a large table declares `concurrent = True` as well. Alembic is imported
when it is needed: it is the largest part of the service that runs only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from alembic.config import Config


@dataclass(frozen=True)
class Revisions:
    """The migrations in one place, oldest first."""

    location: str

    def config(self) -> Config:
        """Build what Alembic's commands ask for."""
        from alembic.config import Config  # noqa: PLC0415 - see the module

        config = Config()
        config.set_main_option("script_location", self.location)
        return config

    @property
    def head(self) -> str:
        """Name the newest revision, the one that the code is written for."""
        return self._order[-1]

    def oldest_usable(self, revision: str) -> str:
        """Name the oldest revision whose code works with a database at `revision`."""
        steps = self._order[: self._order.index(revision) + 1]
        named = (self._contractions[it] for it in steps if it in self._contractions)
        return max(named, default=self._order[0], key=self._order.index)

    def following(self, revision: str) -> str:
        """Name the revision after one that is not the head."""
        return self._order[self._order.index(revision) + 1]

    def is_concurrent(self, revision: str) -> bool:
        """Return whether a migration runs outside a transaction where nodes may be running."""
        return getattr(self._modules[revision], "concurrent", False)

    def knows(self, revision: str | None) -> bool:
        """Return whether the revision is one of these."""
        return revision in self._order

    def outruns(self, revision: str) -> bool:
        """Return whether going from `revision` to `head` breaks all code written for `revision`."""
        return self._order.index(self.oldest_usable(self.head)) > self._order.index(revision)

    @cached_property
    def _modules(self) -> dict[str, object]:
        from alembic.script import ScriptDirectory  # noqa: PLC0415 - see the module

        scripts = reversed(list(ScriptDirectory.from_config(self.config()).walk_revisions()))
        return {it.revision: _declared(it.revision, it.module) for it in scripts}

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return tuple(self._modules)

    @cached_property
    def _contractions(self) -> dict[str, str]:
        """Map each contraction to the revision that it names."""
        found = {it: getattr(module, "contracts", None) for it, module in self._modules.items()}
        return {it: named for it, named in found.items() if named is not None}


def _declared(revision: str, module: object) -> object:
    """Raise RuntimeError for a migration that does not say what it asks of older nodes."""
    if getattr(module, "expands", False) is (getattr(module, "contracts", None) is not None):
        msg = f"migration {revision} must declare either `expands = True` or `contracts`"
        raise RuntimeError(msg)
    return module


OURS: Final = Revisions("gate.store.engine:migrations")
"""The migrations of this release."""

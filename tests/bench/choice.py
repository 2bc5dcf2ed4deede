"""Choose measurements by name."""

from __future__ import annotations

from collections.abc import Sequence


def chosen(known: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    """Return the names that are wanted, in the order of those known; all when none is named.

    The first word of names that are parts of one subject stands for all of them: `fleet` for
    `fleet-decisions` and its neighbors. Raises LookupError at a name that nothing has.
    """
    if wanted is None:
        return list(known)
    for name in wanted:
        if not any(_is_meant(it, name) for it in known):
            raise LookupError(f"there is no measurement {name!r}, only {', '.join(known)}")
    return [it for it in known if any(_is_meant(it, name) for name in wanted)]


def _is_meant(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}-")

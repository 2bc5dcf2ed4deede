"""Find which keys a policy file has, and where. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from gate.domain.model.ids import environment_key
from gate.domain.model.policy.values import ENVIRONMENTS, ValuePath
from gate.policyfile.document import read_document
from gate.policyfile.tree import Unreadable


def written_lines(text: bytes) -> Mapping[ValuePath, int]:
    """Return the line of each key by its path; none of a file that is not YAML.

    An environment's name is folded, as in a policy.
    """
    try:
        keys = read_document(text).keys
    except Unreadable:
        return {}
    return {_folded(tuple(map(str, location))): place.line for location, place in keys.items()}


def _folded(path: ValuePath) -> ValuePath:
    if path[0] == ENVIRONMENTS and len(path) > 1:
        return (path[0], environment_key(path[1]), *path[2:])
    return path

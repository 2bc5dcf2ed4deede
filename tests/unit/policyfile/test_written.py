"""The keys that a file has are found with their lines."""

from __future__ import annotations

from gate.domain.model.policy.policy import LoadedPolicy
from gate.domain.model.policy.values import list_values
from gate.policyfile import built_in_text, parse_policy, written_lines

FILE = b"""version: 1
environments:
  Production:
    validation: {max_age: 2h}
    override:
      rationale:
        min_length: 30
badge: public
"""


def test_keys_are_found_by_their_path() -> None:
    """An environment by its folded name, as in a policy."""
    lines = written_lines(FILE)
    environment = ("environments", "production")
    assert lines[*environment, "validation", "max_age"] == 4
    assert lines[*environment, "override", "rationale", "min_length"] == 7
    assert lines["badge",] == 8
    assert (*environment, "mode") not in lines


def test_what_is_not_yaml_has_no_keys() -> None:
    """Such a file is no policy, and nothing comes from it."""
    assert written_lines(b"a: [") == {}


def test_paths_are_those_of_the_values() -> None:
    """Else a value that is written would be called built in."""
    reading = parse_policy(built_in_text(), "")
    assert isinstance(reading, LoadedPolicy)
    paths = {path for path, _ in list_values(reading.policy)}
    written = {it for it in written_lines(built_in_text()) if len(it) > 2}
    sections = {it[:-1] for it in written}
    assert written - sections <= paths

"""Read the policy of the server: a file that the settings name, or the built-in one."""

from __future__ import annotations

from gate.domain.model.policy.policy import InvalidPolicy, LoadedPolicy
from gate.errors import ConfigError
from gate.policyfile import built_in_text, parse_policy
from gate.settings import Settings


def read_server_policy(settings: Settings) -> tuple[LoadedPolicy, bytes]:
    """Read the policy for repositories that have none, with its text; a broken one stops us."""
    name, text = "the built-in policy", built_in_text()
    if settings.policy_file is not None:
        name = str(settings.policy_file)
        try:
            text = settings.policy_file.read_bytes()
        except OSError as error:
            raise ConfigError((f"GATE_POLICY_FILE: {name}: {error.strerror}",)) from None
    reading = parse_policy(text, name)
    if isinstance(reading, InvalidPolicy):
        problems = tuple(f"GATE_POLICY_FILE: {reading.source}: {it}" for it in reading.problems)
        raise ConfigError(problems)
    return reading, text

"""Policy files as the tests write them: what matters to a test, in a file that is fine else."""

from textwrap import indent

from gate.domain.model.policy.policy import EnvironmentPolicy, LoadedPolicy
from gate.policyfile import parse_policy

SOURCE = "acme/shop/.github/deployment-gate.yml"

TOP = "version: 1\nenvironments:\n  production:\n"
"""Three lines, so that what `environment` is given begins on line 4, column 5."""


def environment(body: str) -> bytes:
    """Make a file of one environment, `production`, with this below it."""
    return (TOP + indent(body, "    ")).encode()


def validation(body: str) -> bytes:
    """Make a file with this below `validation`: it begins on line 5, column 7."""
    return environment("validation:\n" + indent(body, "  "))


def beside(body: str) -> bytes:
    """Make a file with this after the environments: it begins on line 3, column 1."""
    return b"version: 1\nenvironments: {production: {}}\n" + body.encode()


def accept(text: bytes) -> EnvironmentPolicy:
    """Parse a file that must be fine, and give its environment `production`."""
    reading = parse_policy(text, SOURCE)
    assert isinstance(reading, LoadedPolicy), reading
    found = reading.policy.environment("production")
    assert found is not None
    return found


def problems(text: bytes) -> list[str]:
    """List the problems of a file, spelled on one line each; empty when it is fine."""
    reading = parse_policy(text, SOURCE)
    return [] if isinstance(reading, LoadedPolicy) else [str(one) for one in reading.problems]

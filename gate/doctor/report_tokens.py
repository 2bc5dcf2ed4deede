"""Find the keys of report tokens."""

from __future__ import annotations

from collections.abc import Iterator

from gate.clock import Clock
from gate.doctor.clocks import compare_clock_of_issuer
from gate.doctor.findings import Finding, Level
from gate.errors import RetryLater
from gate.githubapp.oidc.jwks import SigningKeys
from gate.settings import Settings


def find_report_tokens(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Find the keys of report tokens; without them deployments are answered all the same."""
    what = "report tokens"
    issuer = settings.github_oidc_issuer
    try:
        answer = SigningKeys(issuer, clock).read()
    except RetryLater as error:
        remedy = (
            "check GATE_GITHUB_OIDC_ISSUER and the network to it; until then reports are refused"
        )
        yield Finding(Level.WARN, what, f"{issuer}: {error.detail}", remedy)
        return
    keys = "1 key" if len(answer.keys) == 1 else f"{len(answer.keys)} keys"
    found = f"{keys} of {issuer}; tokens must be for {settings.report_audience}"
    yield Finding(Level.OK, what, found)
    if answer.answered_at is not None:
        compared = compare_clock_of_issuer(answer.answered_at, clock())
        if compared.level is Level.FAIL:
            yield compared

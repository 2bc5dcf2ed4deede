"""See on a real repository whether GitHub behaves as the gate assumes.

Reads only: what no run shows cannot be seen. The page docs/how-to/verify-on-github.md says how to
make each of the experiments, and what the gate assumes where GitHub's documents are silent.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.clock import Clock, utc_now
from gate.errors import GateError
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from gate.githubapp.probe import Prober
from gate.probe.experiments import EXPERIMENTS
from gate.probe.observations import Observation, Result, Subject
from gate.settings import Settings

__all__ = ["Observation", "Result", "probe"]


def probe(settings: Settings, full_name: str, clock: Clock = utc_now) -> Iterator[Observation]:
    """Make each experiment in turn; one that GitHub does not answer could not be seen.

    Raises Refused or RetryLater where the repository itself cannot be read.
    """
    key = settings.github_private_key.get_secret_value()
    credentials = AppCredentials(settings.github_app_id, key, clock)
    prober = Prober(settings.github_api_url, credentials, clock)
    github = GitHubClients.connect(settings.github_api_url, credentials, clock)
    try:
        address, branch = prober.find(full_name)
        subject = Subject(github, prober, address, branch)
        for name, experiment in EXPERIMENTS.items():
            try:
                result, seen = experiment(subject)
            except GateError as error:
                result, seen = Result.UNSEEN, f"{error.reason}: {error.detail}"
            yield Observation(name, result, seen)
    finally:
        github.close()
        prober.close()

"""GitHub's own examples of webhooks, as Octokit publishes them, are read or refused.

The package is fetched with npm once and kept in pytest's cache. Without npm, or a registry to ask,
the tests are skipped, and say so.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import pytest

from gate.domain.model.deliveries import (
    DeploymentSeen,
    InstallationSeen,
    NothingSeen,
    Pushed,
    RunSeen,
)
from gate.errors import DeliveryRejected
from gate.githubapp.webhooks.payloads import PayloadParser

PACKAGE: Final = "@octokit/webhooks-examples@7.6.1"
PARSER: Final = PayloadParser("https://api.github.com")


@pytest.fixture(scope="session")
def examples(pytestconfig: pytest.Config) -> list[tuple[str, dict[str, Any]]]:
    """Every example of github.com and of Enterprise Servers, with its event."""
    folder = _fetched(pytestconfig)
    found = []
    for file in sorted(folder.rglob("index.json")):
        for event in msgspec.json.decode(file.read_bytes()):
            found += [(event["name"], example) for example in event["examples"]]
    return found


def _fetched(config: pytest.Config) -> Path:
    """Return the unpacked package, fetched by whichever worker comes first."""
    npm = shutil.which("npm")
    if not hasattr(config, "cache") or config.cache is None:
        pytest.skip("pytest keeps no cache in this run, so that GitHub's examples are not at hand")
    kept = config.cache.mkdir("octokit-webhooks-examples")
    unpacked = kept / PACKAGE.rpartition("@")[2]
    if unpacked.exists():
        return unpacked
    if npm is None:
        pytest.skip("npm is not installed: GitHub's own webhook examples were NOT tried")
    with TemporaryDirectory(dir=kept) as work:
        command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", work]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=90, cwd=work)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"npm could not fetch {PACKAGE}: examples were NOT tried ({error!r})")
        (archive,) = Path(work).glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(work, filter="data")
        try:
            (Path(work) / "package").rename(unpacked)
        except OSError:
            # Another worker was quicker.
            assert unpacked.is_dir()
    return unpacked


def installed(example: dict[str, Any]) -> dict[str, Any]:
    """Return an example as an App gets it: those of repository webhooks lack the installation."""
    return {"installation": {"id": 1}} | example


def test_every_example_is_read_or_refused(examples: list[tuple[str, dict[str, Any]]]) -> None:
    """Whatever GitHub has shown of its webhooks, reading it raises nothing unexpected."""
    assert len(examples) > 200
    for event, example in examples:
        for payload in (example, installed(example)):
            reason = ""
            try:
                PARSER.parse(event, msgspec.json.encode(payload))
            except DeliveryRejected as error:
                reason = error.reason
            assert reason in {"", "malformed"}


@pytest.mark.parametrize(
    ("event", "observed"),
    [
        ("workflow_run", RunSeen),
        ("deployment_status", DeploymentSeen),
        ("push", Pushed | NothingSeen),
        ("installation", InstallationSeen),
        ("installation_repositories", InstallationSeen),
    ],
)
def test_present_examples_of_ours_are_understood(
    examples: list[tuple[str, dict[str, Any]]], event: str, observed: type
) -> None:
    """Those of github.com, which name a workflow's file, show what they are about."""
    understood = 0
    for name, example in examples:
        if name != event:
            continue
        try:
            seen = PARSER.parse(event, msgspec.json.encode(installed(example)))
        except DeliveryRejected:
            continue
        assert isinstance(seen, observed)
        understood += 1
    assert understood > 0

"""What keeps the App out is told by its own name, and nothing is given up for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gate.doctor import Finding, Level, examine
from gate.errors import GateError, Refused, RetryLater
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from gate.simulator.faults import Fault
from gate.simulator.switches import Switches
from tests.support.github_stage import MINT, ORGANIZATION, REPOSITORY, Stage, staged, write
from tests.support.harness import ENVIRONMENT, Gate
from tests.support.harness import REPOSITORY as GATED
from tests.support.keys import make_key_pair

SHUT_OUT = """{"message": "Although you appear to have the correct authorization credentials, the
`octo-org` organization has an IP allow list enabled, and your IP address is not permitted to access
this resource."}""".replace("\n", " ")


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A simulated github.com and a client for it."""
    with staged() as made:
        yield made


def another_public_key() -> str:
    """Make the public half of a key that nobody has the other half of."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.mark.parametrize("binds", ["calls", "tokens"])
def test_an_ip_allow_list_is_named(stage: Stage, binds: Literal["calls", "tokens"]) -> None:
    """Whether it stops the call or already the token; without it all is well again."""
    stage.github.set_switches(Switches(ip_allow_list_binds=binds))
    stage.github.set_ip_allow_list(ORGANIZATION, allows=False)
    with pytest.raises(Refused) as caught:
        stage.client.contents.read_repository(stage.address)
    assert caught.value.reason == "ip_not_allowed"
    stage.github.set_ip_allow_list(ORGANIZATION, allows=True)
    assert stage.client.contents.read_repository(stage.address)


def test_an_archived_repository_is_read_and_not_written(stage: Stage) -> None:
    """A review of it is refused for what it is."""
    run_id = stage.deploy()
    stage.github.archive_repository(REPOSITORY)
    assert stage.client.contents.read_repository(stage.address)
    with pytest.raises(Refused) as caught:
        write(stage, run_id)
    assert caught.value.reason == "repository_archived"
    stage.github.archive_repository(REPOSITORY, archived=False)
    write(stage, run_id)


def test_a_deleted_key_is_named(stage: Stage) -> None:
    """For the App's own calls, and where a token is minted; that one is tried again."""
    stage.github.replace_app_key(another_public_key())
    with pytest.raises(Refused) as refused:
        stage.client.app.read_app()
    assert refused.value.reason == "key_rejected"
    with pytest.raises(RetryLater) as later:
        stage.client.contents.read_repository(stage.address)
    assert later.value.reason == "key_rejected"


@pytest.mark.parametrize("off", [timedelta(hours=-3), timedelta(minutes=20)])
def test_a_wrong_clock_is_corrected_by_github(stage: Stage, off: timedelta) -> None:
    """A JWT refused for its times is signed once more, and those after it are right at once."""

    def wrong() -> datetime:
        return stage.github.world.clock() + off

    private, _ = make_key_pair()
    client = GitHubClients.connect(
        stage.url, AppCredentials(str(stage.app_id), private, wrong), wrong
    )
    assert client.app.read_app().id == stage.app_id
    assert stage.calls("/app", status=401) == 1
    for _ in range(3):
        assert client.contents.read_repository(stage.address)
    assert client.app.read_app().id == stage.app_id
    assert (stage.calls(status=401), stage.calls(MINT)) == (1, 1)
    client.close()


def test_a_clock_is_not_corrected_for_another_refusal(stage: Stage) -> None:
    """Only what GitHub says of the times makes us doubt our own."""
    stage.github.replace_app_key(another_public_key())
    with pytest.raises(GateError):
        stage.client.app.read_app()
    assert stage.calls("/app") == 1


def found(gate: Gate, *, off: timedelta = timedelta()) -> list[Finding]:
    """Let the doctor look, by a clock that may be wrong."""

    def clock() -> datetime:
        return gate.github.world.clock() + off

    return [it for it in examine(gate.settings, clock) if it.level is not Level.OK]


def test_the_doctor_says_by_how_much_the_clock_is_off(gate: Gate) -> None:
    """And it can look at everything else all the same."""
    seen = found(gate, off=timedelta(hours=-1))
    clocks = [it.found for it in seen if it.what == "clock"]
    assert clocks
    assert all(it.startswith(("3600 s behind", "3599 s behind")) for it in clocks)
    assert not any("clock_skewed" in it.found for it in seen)


def test_the_doctor_names_each_obstacle(gate: Gate) -> None:
    """One line says what it is, and what to do."""
    owner = GATED.partition("/")[0]
    gate.github.set_ip_allow_list(owner, allows=False)
    (line,) = [it for it in found(gate) if "ip_not_allowed" in it.found]
    assert "allow list" in line.remedy
    gate.github.set_ip_allow_list(owner, allows=True)
    gate.github.replace_app_key(another_public_key())
    lines = [it for it in found(gate) if "key_rejected" in it.found]
    assert lines
    assert all("private key" in it.remedy for it in lines)


def test_a_hold_says_what_keeps_the_gate_out(gate: Gate) -> None:
    """In words; and when the obstacle is gone, the deployment is answered."""
    # Reading alone is stopped, so that the comment can be seen.
    gate.github.add_fault(Fault("/contents/", status=403, body=SHUT_OUT))
    gate.validate(GATED, "success")
    run_id = gate.github.deploy(GATED, ENVIRONMENT).run_id
    gate.settle()
    gate.advance(minutes=2)
    assert not gate.answers(run_id)
    assert gate.record(run_id).reasons[0] == "policy_unavailable"
    assert "IP allow list does not include" in (gate.reports(run_id)[-1].comment or "")
    gate.github.clear_faults()
    gate.advance(minutes=10)
    assert [it.state for it in gate.answers(run_id)] == ["approved"]


def test_an_archived_repository_is_answered_when_it_is_unarchived(gate: Gate) -> None:
    """The review is kept, not set aside as one that makes no sense."""
    gate.validate(GATED, "success")
    gate.github.archive_repository(GATED)
    run_id = gate.github.deploy(GATED, ENVIRONMENT).run_id
    gate.settle()
    assert not gate.answers(run_id)
    gate.github.archive_repository(GATED, archived=False)
    gate.advance(minutes=10)
    assert [it.state for it in gate.answers(run_id)] == ["approved"]

"""The issuer's keys: where they are read, how often, and what is made of an issuer gone wrong."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from itertools import islice
from typing import Any, Final

import pytest

from gate.errors import GateError, ReportRejected, RetryLater
from gate.githubapp.oidc import jwks
from gate.githubapp.oidc.jwks import COOLDOWN, KEPT, LONGEST, TRUSTED, SigningKeys
from tests.support.clock import FakeClock
from tests.support.key_server import DISCOVERY, KEYS, Issuer, running_issuer, shown_key

TICK: Final = timedelta.resolution
WAIT: Final = 10.0


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Provide an issuer that shows one key."""
    with running_issuer() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    """Provide a clock that stands still."""
    return FakeClock()


@pytest.fixture
def keys(issuer: Issuer, clock: FakeClock) -> SigningKeys:
    """Provide what knows the issuer's keys."""
    return SigningKeys(issuer.url, clock)


def reason(keys: SigningKeys, key_id: str) -> str:
    """Return why a key is not given."""
    with pytest.raises(GateError) as caught:
        keys.key(key_id)
    assert isinstance(caught.value, RetryLater | ReportRejected)
    return caught.value.reason


def test_keys_are_read_once_and_then_again_when_they_are_old(
    issuer: Issuer, keys: SigningKeys, clock: FakeClock
) -> None:
    """By discovery, and not before one is wanted."""
    assert issuer.asked == []
    keys.key("one")
    assert issuer.asked == [DISCOVERY, KEYS]
    clock.now += TRUSTED
    keys.key("one")
    assert len(issuer.asked) == 2
    clock.now += TICK
    keys.key("one")
    assert len(issuer.asked) == 4


def test_a_new_key_is_looked_for_at_once_and_then_seldom(
    issuer: Issuer, keys: SigningKeys, clock: FakeClock
) -> None:
    """Anybody may send tokens of unknown keys: they cost one reading in a while."""
    keys.key("one")
    issuer.show("one", "two")
    keys.key("two")
    asked = len(issuer.asked)
    issuer.show("one", "two", "three")
    for _ in range(20):
        assert reason(keys, "three") == "unknown_key"
    assert len(issuer.asked) == asked
    clock.now += COOLDOWN
    keys.key("three")
    clock.now += COOLDOWN
    assert reason(keys, "four") == "unknown_key"
    assert len(issuer.asked) == asked + 4


def test_a_key_that_was_withdrawn_is_not_taken(
    issuer: Issuer, keys: SigningKeys, clock: FakeClock
) -> None:
    """Once the issuer no longer shows it."""
    keys.key("one")
    issuer.show("two")
    clock.now += TRUSTED + TICK
    assert reason(keys, "one") == "unknown_key"


def test_keys_are_kept_while_the_issuer_is_out_of_reach(
    issuer: Issuer, keys: SigningKeys, clock: FakeClock
) -> None:
    """For a day; it is asked again now and then, and of an unknown key nobody can tell."""
    keys.key("one")
    issuer.status = 503
    clock.now += TRUSTED + TICK
    asked = len(issuer.asked)
    for _ in range(5):
        keys.key("one")
        assert reason(keys, "two") == "keys_unavailable"
    assert len(issuer.asked) == asked + 1
    clock.now += KEPT - TRUSTED - TICK
    keys.key("one")
    clock.now += TICK
    assert reason(keys, "one") == "keys_unavailable"
    issuer.status = 200
    clock.now += COOLDOWN
    keys.key("one")


def test_an_issuer_that_is_down_is_not_asked_by_everybody(
    issuer: Issuer, keys: SigningKeys, clock: FakeClock
) -> None:
    """A failure is remembered for a while."""
    issuer.status = 500
    assert {reason(keys, "one") for _ in range(5)} == {"keys_unavailable"}
    assert issuer.asked == [DISCOVERY]
    clock.now += COOLDOWN
    issuer.status = 200
    keys.key("one")


BROKEN: Final[dict[str, Callable[[Issuer], object]]] = {
    "describes another issuer": lambda it: it.show("one", issuer="https://other.example"),
    "keys at no address": lambda it: it.show("one", jwks_uri="http://[::1"),
    "keys nowhere": lambda it: it.show("one", jwks_uri=None),
    "no JSON": lambda it: it.documents.update({KEYS: b"<!DOCTYPE html>"}),
    "no object": lambda it: it.documents.update({KEYS: [shown_key()]}),
    "nested": lambda it: it.documents.update({KEYS: b"[" * 100_000}),
    "too long": lambda it: it.documents[KEYS].update(padding="x" * LONGEST),
    "no keys": lambda it: it.show(),
    "keys that are none": lambda it: it.documents.update({KEYS: {"keys": 7}}),
    "packed": lambda it: it.documents.update({KEYS: gzip.compress(b"{}")}),
    "cut off": lambda it: it.headers.update({"Content-Length": "100000"}),
}


@pytest.mark.parametrize("spoil", BROKEN.values(), ids=BROKEN)
def test_an_issuer_gone_wrong_has_no_keys(
    issuer: Issuer, keys: SigningKeys, spoil: Callable[[Issuer], object]
) -> None:
    """Whatever it is, it is worth another try, and nothing of it is believed."""
    spoil(issuer)
    assert reason(keys, "one") == "keys_unavailable"


def test_keys_are_not_looked_for_elsewhere(issuer: Issuer, keys: SigningKeys) -> None:
    """Another port is another host; it is not even asked."""
    with running_issuer() as other:
        issuer.show("one", jwks_uri=f"{other.url}{KEYS}")
        assert reason(keys, "one") == "keys_unavailable"
        assert other.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(issuer: Issuer, keys: SigningKeys, status: int) -> None:
    """Not even to the issuer itself."""
    issuer.status = status
    issuer.headers = {"Location": f"{issuer.url}{KEYS}"}
    assert reason(keys, "one") == "keys_unavailable"
    assert issuer.asked == [DISCOVERY]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"use": "enc"},
        {"alg": "RS512"},
        {"kid": 7},
        {"n": "!"},
        {"n": 7},
        {"e": None},
        shown_key(1024),
    ],
    ids=["oct", "encryption", "algorithm", "id", "number", "type", "exponent", "short"],
)
def test_a_key_that_is_not_for_us_is_passed_over(
    issuer: Issuer, keys: SigningKeys, spoiled: dict[str, Any]
) -> None:
    """A short or odd one is not used, and the others are."""
    issuer.documents[KEYS]["keys"].insert(0, {**shown_key(), "kid": "odd", **spoiled})
    keys.key("one")
    assert reason(keys, "odd") == "unknown_key"


def test_an_issuer_that_stalls_is_given_up(
    issuer: Issuer, keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it longer than a few seconds."""
    released = threading.Event()
    issuer.before = lambda: released.wait(WAIT)
    monkeypatch.setattr(jwks, "_SECONDS", 0.05)
    assert reason(keys, "one") == "keys_unavailable"
    released.set()


def test_an_issuer_that_drips_is_given_up(
    issuer: Issuer, keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However quick each piece is, all together must come in time."""
    monkeypatch.setattr(jwks, "_SECONDS_IN_ALL", -1.0)
    assert reason(keys, "one") == "keys_unavailable"
    assert issuer.asked == [DISCOVERY]


def test_who_has_a_key_does_not_wait_for_a_newer_one(
    issuer: Issuer, keys: SigningKeys, clock: FakeClock
) -> None:
    """While one thread reads and others wait for a key they lack, old ones are good enough."""
    keys.key("one")
    clock.now += TRUSTED + TICK
    entered, released = threading.Event(), threading.Event()

    def stall() -> None:
        entered.set()
        released.wait(WAIT)

    issuer.before = stall
    with ThreadPoolExecutor(8) as pool:
        try:
            reading = pool.submit(keys.key, "one")
            assert entered.wait(WAIT)
            pool.submit(keys.key, "one").result(WAIT)
            lacking = [pool.submit(keys.key, "two") for _ in range(6)]
            turned_away = list(islice(as_completed(lacking, WAIT), 3))
            assert all(isinstance(it.exception(), RetryLater) for it in turned_away)
            pool.submit(keys.key, "one").result(WAIT)
        finally:
            released.set()
        reading.result(WAIT)


def test_one_thread_reads_and_few_wait(issuer: Issuer, keys: SigningKeys) -> None:
    """Twelve reports at once cost one reading; who need not wait for it does not."""
    entered, released = threading.Event(), threading.Event()

    def stall() -> None:
        entered.set()
        released.wait(WAIT)

    issuer.before = stall
    with ThreadPoolExecutor(12) as pool:
        first = pool.submit(keys.key, "one")
        assert entered.wait(WAIT)
        others = [pool.submit(keys.key, "one") for _ in range(11)]
        # Those that may not wait are told at once.
        turned_away = list(islice(as_completed(others, WAIT), 8))
        assert all(isinstance(it.exception(), RetryLater) for it in turned_away)
        released.set()
        first.result(WAIT)
        waited = [it for it in others if it not in turned_away]
        assert [it.result(WAIT) for it in waited]
    assert len(waited) == 3
    assert issuer.asked == [DISCOVERY, KEYS]


def test_the_time_that_the_issuer_tells_is_read(issuer: Issuer, keys: SigningKeys) -> None:
    """It shows a clock that is wrong; an issuer that tells none is none the worse."""
    assert keys.read().answered_at is not None
    issuer.date = "yesterday"
    assert keys.read().answered_at is None

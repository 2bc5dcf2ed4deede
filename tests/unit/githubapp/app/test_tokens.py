"""Installation tokens are shared, narrow, renewed early and minted by one thread at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event, Lock

import pytest

from gate.errors import GateError, Refused, RetryLater
from gate.githubapp.app.tokens import Scope, Token, TokenCache
from tests.support.clock import NOW, FakeClock

SCOPE = Scope(77, 1, permissions=(("deployments", "write"),))
HOUR = timedelta(hours=1)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until another thread has done something, ten seconds at most."""
    tick = Event()
    for _ in range(10_000):
        if condition():
            return
        tick.wait(0.001)
    raise TimeoutError


class Mint:
    """Count what is minted; fail, or wait, when told to."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._lock = Lock()
        self.scopes: list[Scope] = []
        self.error: GateError | None = None
        self.go = Event()
        self.go.set()

    def __call__(self, scope: Scope) -> Token:
        with self._lock:
            self.scopes.append(scope)
            number = len(self.scopes)
        assert self.go.wait(10)
        if self.error is not None:
            raise self.error
        return Token(f"ghs_{number}", self._clock() + HOUR)


@pytest.fixture
def clock() -> FakeClock:
    """The time both sides go by."""
    return FakeClock()


@pytest.fixture
def mint(clock: FakeClock) -> Mint:
    """GitHub, as far as tokens go."""
    return Mint(clock)


@pytest.fixture
def cache(mint: Mint, clock: FakeClock) -> TokenCache:
    """An empty cache."""
    return TokenCache(mint, clock)


def test_a_token_is_used_until_shortly_before_it_expires(
    cache: TokenCache, mint: Mint, clock: FakeClock
) -> None:
    """Five minutes before GitHub would refuse it, a new one is minted."""
    assert cache.token(SCOPE) == "ghs_1"
    clock.advance(minutes=54, seconds=59)
    assert cache.token(SCOPE) == "ghs_1"
    clock.advance(seconds=1)
    assert cache.token(SCOPE) == "ghs_2"
    assert len(mint.scopes) == 2


@pytest.mark.parametrize(
    "other",
    [
        Scope(78, 1, permissions=SCOPE.permissions),
        Scope(77, 2, permissions=SCOPE.permissions),
        Scope(77, None, permissions=SCOPE.permissions),
        Scope(77, None, ".github", permissions=SCOPE.permissions),
        Scope(77, 1, permissions=(("contents", "read"),)),
    ],
)
def test_a_token_serves_its_scope_only(cache: TokenCache, other: Scope) -> None:
    """Another installation, repository or permission gets a token of its own."""
    assert cache.token(SCOPE) != cache.token(other)


def test_threads_share_what_one_of_them_mints(cache: TokenCache, mint: Mint) -> None:
    """Sixteen threads that need the same token at once cause one call."""
    mint.go.clear()
    begun = Barrier(17)

    def ask(_: int) -> str:
        begun.wait(10)
        return cache.token(SCOPE)

    with ThreadPoolExecutor(16) as pool:
        asked = pool.map(ask, range(16))
        begun.wait(10)
        mint.go.set()
        tokens = list(asked)
    assert set(tokens) == {"ghs_1"}
    assert len(mint.scopes) == 1


def test_scopes_do_not_wait_for_one_another(cache: TokenCache, mint: Mint) -> None:
    """While one token is minted, others can be had."""
    cache.token(SCOPE)
    mint.go.clear()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(cache.token, Scope(99))
        assert cache.token(SCOPE) == "ghs_1"
        mint.go.set()
        assert slow.result(10) == "ghs_2"


@pytest.mark.parametrize("error", [Refused("not_found"), RetryLater("github_unavailable")])
def test_whoever_waited_fails_with_it(
    cache: TokenCache, mint: Mint, clock: FakeClock, error: GateError
) -> None:
    """A mint that fails is not repeated by each of the threads that waited for it."""
    cache.token(SCOPE)
    clock.advance(hours=2)
    mint.go.clear()
    mint.error = error
    clock.readings = 0

    def ask(_: int) -> str:
        with pytest.raises(type(error)) as caught:
            cache.token(SCOPE)
        return str(caught.value.reason)

    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(ask, range(8))
        # Each reads the clock once, in the same step in which it joins those who wait.
        wait_for(lambda: clock.readings == 8)
        mint.go.set()
        assert set(asked) == {error.reason}
    assert len(mint.scopes) == 2


def test_a_failed_mint_is_tried_again_by_the_next(cache: TokenCache, mint: Mint) -> None:
    """An error is not kept."""
    mint.error = RetryLater("github_unavailable")
    with pytest.raises(RetryLater):
        cache.token(SCOPE)
    mint.error = None
    assert cache.token(SCOPE) == "ghs_2"


def test_even_an_interrupt_frees_the_scope(clock: FakeClock) -> None:
    """Whatever ends a mint, nobody waits for it for ever."""
    outcomes: list[type[BaseException] | None] = [KeyboardInterrupt, None]

    def mint(_: Scope) -> Token:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome
        return Token("ghs_1", clock() + HOUR)

    cache = TokenCache(mint, clock)
    with pytest.raises(KeyboardInterrupt):
        cache.token(SCOPE)
    assert cache.token(SCOPE) == "ghs_1"


def test_an_old_token_bridges_a_mint_that_must_wait(
    cache: TokenCache, mint: Mint, clock: FakeClock
) -> None:
    """While GitHub mints nothing, what has not expired is used to its last half minute."""
    cache.token(SCOPE)
    mint.error = RetryLater("rate_limited")
    clock.advance(minutes=59)
    assert cache.token(SCOPE) == "ghs_1"
    clock.advance(seconds=31)
    with pytest.raises(RetryLater):
        cache.token(SCOPE)


def test_an_old_token_does_not_outlive_a_refusal(
    cache: TokenCache, mint: Mint, clock: FakeClock
) -> None:
    """When GitHub says that the App may not, a token from before is no way around it."""
    cache.token(SCOPE)
    mint.error = Refused("permission_missing")
    clock.advance(minutes=59)
    with pytest.raises(Refused):
        cache.token(SCOPE)


def test_a_token_that_was_not_accepted_is_dropped(cache: TokenCache) -> None:
    """The next call gets a new one."""
    cache.forget(SCOPE, cache.token(SCOPE))
    assert cache.token(SCOPE) == "ghs_2"


def test_a_late_refusal_does_not_drop_the_new_token(cache: TokenCache, mint: Mint) -> None:
    """Sixteen threads that were refused the same token do not make sixteen new ones."""
    old = cache.token(SCOPE)
    for _ in range(16):
        cache.forget(SCOPE, old)
        assert cache.token(SCOPE) == "ghs_2"
    assert len(mint.scopes) == 2


def test_the_cache_is_bounded(mint: Mint, clock: FakeClock) -> None:
    """The token used longest ago goes first."""
    cache = TokenCache(mint, clock, most=2)
    first, second, third = (Scope(number) for number in (1, 2, 3))
    cache.token(first)
    cache.token(second)
    cache.token(first)
    cache.token(third)
    mint.scopes.clear()
    cache.token(first)
    cache.token(third)
    assert mint.scopes == []
    cache.token(second)
    assert mint.scopes == [second]


@pytest.mark.parametrize(
    ("scope", "body"),
    [
        (SCOPE, {"permissions": {"deployments": "write"}, "repository_ids": [1]}),
        (Scope(77, repository_name=".github"), {"permissions": {}, "repositories": [".github"]}),
        (Scope(77), {"permissions": {}}),
    ],
)
def test_a_scope_asks_for_no_more_than_it_says(scope: Scope, body: dict[str, object]) -> None:
    """Tokens are narrowed to a repository and to permissions."""
    assert scope.request_body() == body


def test_a_token_is_not_shown() -> None:
    """A token that is logged by accident shows nothing."""
    assert "ghs_secret" not in repr(Token("ghs_secret", NOW))

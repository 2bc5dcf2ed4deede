"""Sessions, sign-ins under way, and what is sealed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from gate.domain.access.session import (
    IDLE,
    LIFETIME,
    LOOK_AFTER,
    LOOK_AGAIN,
    SIGN_IN_LASTS,
    Session,
)
from gate.domain.model.access import EVERYTHING, Visible
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RepositoryId
from gate.store.access import sessions
from gate.store.access.sealing import Sealer, Unreadable
from gate.store.access.sign_ins import SignIn, begin_sign_in, take_sign_in
from gate.store.engine.database import Database
from gate.store.github.names import repository_names
from gate.store.github.repositories import record_repository
from gate.store.retention import delete_expired
from tests.support.builders.defaults import INSTALLATION, NOW
from tests.support.builders.runs import make_account

SEEN = Visible(frozenset({RepositoryId(3), RepositoryId(2**62)}))
SIGN_IN = SignIn(b"sealed", "/requests/7")


def begin(
    database: Database, secret: str = "secret", login: str = "Ada", account_id: int = 2**40
) -> int:
    """Begin a session."""
    return database.transact(
        lambda tx: sessions.create_session(
            tx, secret, account_id=account_id, login=login, visible=SEEN, tokens=b"t", now=NOW
        )
    )


def find(database: Database, secret: str = "secret", now: datetime = NOW) -> Session | None:
    """Find a session by its secret."""
    return database.read(lambda it: sessions.find_session(it, secret, now))


def test_a_session_is_found_by_its_secret(database: Database) -> None:
    """As it was begun, by that secret only, and until it ends."""
    session_id = begin(database)
    found = find(database)
    assert found is not None
    assert (found.id, found.account_id, found.login, found.visible) == (
        session_id,
        2**40,
        "Ada",
        SEEN,
    )
    assert (found.created_at, found.checked_at, found.look_at) == (NOW, NOW, NOW + LOOK_AFTER)
    assert find(database, "Secret") is None
    assert find(database, now=NOW + IDLE) is None
    assert database.read(lambda it: sessions.read_tokens(it, session_id)) == b"t"


def test_a_person_never_sees_everything(database: Database) -> None:
    """That is for an operator on the gate's machine."""
    with pytest.raises(ValueError, match="cannot see every repository"):
        database.transact(
            lambda tx: sessions.create_session(
                tx, "s", account_id=1, login="a", visible=EVERYTHING, tokens=b"", now=NOW
            )
        )


def test_a_use_is_recorded(database: Database) -> None:
    """The latest counts, whichever is written last."""
    session_id = begin(database)
    for minutes in (90, 30):
        at = NOW + timedelta(minutes=minutes)
        database.transact(lambda tx, at=at: sessions.record_use(tx, session_id, at))  # type: ignore[misc]
    found = find(database, now=NOW + timedelta(hours=3))
    assert found is not None
    assert found.seen_at == NOW + timedelta(minutes=90)


def test_one_of_many_asks_github(database: Database) -> None:
    """Whoever claims first; after an answer or a failure there is a next time."""
    session_id = begin(database)
    session = find(database)
    assert session is not None

    def claim(_: int) -> bool:
        return database.transact(lambda tx: sessions.claim_look(tx, session, NOW))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1
    database.transact(lambda tx: sessions.record_failed_look(tx, session_id, NOW))
    failed = find(database)
    assert failed is not None
    assert (failed.checked_at, failed.look_at) == (NOW, NOW + LOOK_AGAIN)
    later, less = NOW + timedelta(minutes=4), Visible(frozenset({RepositoryId(3)}))
    database.transact(
        lambda tx: sessions.record_look(
            tx, session_id, login="Lovelace", visible=less, asked_at=later
        )
    )
    database.transact(lambda tx: sessions.save_tokens(tx, session_id, b"new"))
    found = find(database)
    assert found is not None
    assert (found.login, found.visible, found.checked_at) == ("Lovelace", less, later)
    assert found.look_at == later + LOOK_AFTER
    assert database.read(lambda it: sessions.read_tokens(it, session_id)) == b"new"


def test_sessions_are_listed_and_ended(database: Database) -> None:
    """By id, secret, person, login in any case, or all."""
    first, second = begin(database, "1"), begin(database, "2")
    others = [begin(database, it, "bob", 7) for it in "3456"]
    assert [it.id for it in database.read(lambda it: sessions.sessions_of(it, 2**40, NOW))] == [
        second,
        first,
    ]
    assert len(database.read(lambda it: sessions.all_sessions(it, NOW))) == 6
    assert database.read(lambda it: sessions.all_sessions(it, NOW + IDLE)) == []
    assert len(database.transact(lambda tx: sessions.end_sessions_of_login(tx, "ADA"))) == 2
    assert len(database.transact(lambda tx: sessions.end_session(tx, others[0]))) == 1
    assert len(database.transact(lambda tx: sessions.end_session(tx, others[0]))) == 0
    assert len(database.transact(lambda tx: sessions.end_session_of_secret(tx, "4"))) == 1
    assert len(database.transact(lambda tx: sessions.end_sessions_of(tx, 7))) == 2
    begin(database, "7")
    assert len(database.transact(sessions.end_all_sessions)) == 1


def test_the_oldest_sessions_of_a_person_end(database: Database) -> None:
    """Those of others stay."""
    own = [begin(database, it) for it in "1234"]
    begin(database, "5", "bob", 7)
    ended = database.transact(lambda tx: sessions.end_oldest_sessions(tx, 2**40, 2))
    assert len(ended) == 2
    left = database.read(lambda it: sessions.all_sessions(it, NOW))
    assert [it.id for it in left][1:] == own[:1:-1]
    assert database.transact(lambda tx: sessions.end_oldest_sessions(tx, 2**40, 2)) == []


def test_no_number_is_used_again(database: Database) -> None:
    """So a look that takes long never writes into the session of somebody else."""
    first = begin(database)
    database.transact(lambda tx: sessions.end_session(tx, first))
    assert begin(database) > first


def test_what_has_ended_is_deleted(database: Database) -> None:
    """Old sessions, unused ones, and sign-ins that nobody finished."""
    begin(database, "unused")
    used = begin(database, "used")
    at = NOW + LIFETIME - timedelta(hours=1)
    database.transact(lambda tx: sessions.record_use(tx, used, at))
    database.transact(lambda tx: begin_sign_in(tx, "state", "browser", SIGN_IN, NOW))
    assert not delete_expired(database, NOW + SIGN_IN_LASTS)["sign_ins"]
    tick = timedelta(microseconds=1)
    assert delete_expired(database, NOW + SIGN_IN_LASTS + tick)["sign_ins"] == 1
    assert delete_expired(database, NOW + IDLE + tick)["sessions"] == 1
    assert delete_expired(database, NOW + LIFETIME + tick)["sessions"] == 1


def test_a_sign_in_is_taken_once_by_its_browser(database: Database) -> None:
    """Another browser's attempt leaves it as it is; too late is too late."""

    def take(state: str, browser: str, now: datetime = NOW) -> SignIn | None:
        return database.transact(lambda tx: take_sign_in(tx, state, browser, now))

    for state in ("one", "two"):
        database.transact(
            lambda tx, state=state: begin_sign_in(tx, state, "mine", SIGN_IN, NOW)  # type: ignore[misc]
        )
    assert take("one", "other") is None
    assert take("none", "mine") is None
    assert take("one", "mine") == SIGN_IN
    assert take("one", "mine") is None
    assert take("two", "mine", NOW + SIGN_IN_LASTS) is None
    assert take("two", "mine") is None


def test_sign_ins_under_way_are_bounded(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are over make room, and then the oldest."""
    monkeypatch.setattr("gate.store.access.sign_ins.MOST", 2)

    def start(state: str, at: datetime) -> None:
        database.transact(lambda tx: begin_sign_in(tx, state, "b", SIGN_IN, at))

    def take(state: str) -> SignIn | None:
        return database.transact(lambda tx: take_sign_in(tx, state, "b", NOW))

    for age, state in enumerate("abcd"):
        start(state, NOW - timedelta(seconds=10 - age))
    assert [take(it) for it in "abcd"] == [None, None, SIGN_IN, SIGN_IN]


def test_names_are_those_of_visible_repositories(database: Database) -> None:
    """In order, by id."""
    for number, name in ((3, "octo-org/web"), (4, "octo-org/secret"), (5, "octo-org/api")):
        seen = Repository(RepositoryId(number), INSTALLATION, name, make_account(), "main")
        database.transact(lambda tx, seen=seen: record_repository(tx, seen))  # type: ignore[misc]
    visible = Visible(frozenset(map(RepositoryId, (3, 5))))
    assert database.read(lambda it: repository_names(it, visible)) == [
        "octo-org/api",
        "octo-org/web",
    ]


def test_sealed_texts_open_with_any_present_key() -> None:
    """The first key seals; without the right one nothing is opened."""
    old, both, new = (Sealer(it) for it in (["o" * 32], ["n" * 32, "o" * 32], ["n" * 32]))
    sealed = old.seal("token")
    assert b"token" not in sealed
    assert both.open(sealed) == "token"
    assert new.open(both.seal("token")) == "token"
    for other, text in ((new, sealed), (old, both.seal("token")), (old, b"no token")):
        with pytest.raises(Unreadable):
            other.open(text)

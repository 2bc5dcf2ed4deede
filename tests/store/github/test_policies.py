"""Policies are kept by digest, and where each stands is known until it may have changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.model.ids import RepositoryId
from gate.domain.requests.missing_facts import ListingNeeded
from gate.store.engine.database import Database
from gate.store.github.listings import ListingRecord, read_listings, record_listing
from gate.store.github.policies import (
    PolicyDocument,
    read_document,
    read_policies,
    record_document,
    record_policy_text,
    record_suspect,
    record_suspect_file,
)
from tests.support.builders.defaults import (
    BRANCH,
    DIGEST,
    FORK,
    INSTALLATION,
    NOW,
    REPOSITORY,
    TICK,
    VALIDATION,
    before,
)

SOURCE = "1001:.github/deployment-gate.yml"
DOCUMENT = PolicyDocument(SOURCE, INSTALLATION, DIGEST, '"etag"', NOW)


def note(database: Database, document: PolicyDocument) -> None:
    """Note what a place holds."""
    database.transact(lambda tx: record_document(tx, document))


def stored(database: Database) -> PolicyDocument | None:
    """Read what a place holds."""
    return database.read(lambda it: read_document(it, SOURCE))


def suspect(database: Database) -> None:
    """Note news of the place."""
    database.transact(lambda tx: record_suspect(tx, SOURCE, INSTALLATION))


def keep(database: Database, text: bytes = b"version: 1") -> None:
    """Store a policy's text."""
    database.transact(lambda tx: record_policy_text(tx, DIGEST, text))


@pytest.mark.parametrize(
    "document",
    [
        DOCUMENT,
        replace(DOCUMENT, digest=None, etag=None),
        replace(DOCUMENT, news=2, read_news=1),
        replace(DOCUMENT, absent_since=before(minutes=1)),
    ],
    ids=["full", "none", "suspect", "missed"],
)
def test_a_place_is_read_as_it_was_noted(database: Database, document: PolicyDocument) -> None:
    """What a place holds is known once it was read, even when it holds nothing."""
    assert stored(database) is None
    note(database, document)
    assert stored(database) == document


def test_reading_again_ends_the_suspicion(database: Database) -> None:
    """A place that may have changed is suspect until a reading that began afterwards."""
    note(database, DOCUMENT)
    suspect(database)
    assert stored(database) == replace(DOCUMENT, news=1)
    renewed = replace(DOCUMENT, etag='"new"', read_at=NOW, news=1, read_news=1)
    note(database, renewed)
    assert stored(database) == renewed


def test_news_that_comes_while_a_place_is_read_stays_news(database: Database) -> None:
    """A reading that began before the news does not end the suspicion, the first one neither."""
    suspect(database)
    note(database, DOCUMENT)
    first = stored(database)
    assert first == replace(DOCUMENT, news=1)
    assert first.is_suspect
    suspect(database)
    note(database, replace(DOCUMENT, news=1, read_news=1))
    again = stored(database)
    assert again == replace(DOCUMENT, news=2, read_news=1)
    assert again.is_suspect


@pytest.mark.parametrize(
    "late",
    [
        replace(DOCUMENT, digest="sha256:old", read_at=before(minutes=1), news=1, read_news=1),
        replace(DOCUMENT, digest="sha256:old", read_at=NOW + TICK, read_news=0),
    ],
    ids=["began earlier", "knew less"],
)
def test_an_older_reading_never_replaces_a_newer_one(
    database: Database, late: PolicyDocument
) -> None:
    """Of two nodes that read at once, the one that began with more news has the last word."""
    suspect(database)
    newer = replace(DOCUMENT, news=1, read_news=1)
    assert database.transact(lambda tx: record_document(tx, newer))
    assert not database.transact(lambda tx: record_document(tx, late))
    assert stored(database) == newer


def test_a_place_that_was_never_read_may_change_too(database: Database) -> None:
    """Suspecting an unknown place is noted: somebody may be reading it just now."""
    suspect(database)
    known = stored(database)
    assert known == PolicyDocument(SOURCE, INSTALLATION, None, None, read_at=None, news=1)


def test_only_a_file_that_was_found_is_suspected_beside(database: Database) -> None:
    """News of a repository makes its wrong path worth a look only where a file was seen there."""
    note(database, replace(DOCUMENT, digest=None))
    database.transact(lambda tx: record_suspect_file(tx, SOURCE))
    known = stored(database)
    assert known is not None
    assert not known.is_suspect
    note(database, DOCUMENT)
    database.transact(lambda tx: record_suspect_file(tx, SOURCE))
    known = stored(database)
    assert known is not None
    assert known.is_suspect


def test_places_are_read_with_their_texts(database: Database) -> None:
    """Each place that was read is told with its text, or with None where it holds none."""
    keep(database)
    empty = replace(DOCUMENT, source="empty", digest=None)
    lost = replace(DOCUMENT, source="lost", digest="sha256:gone")
    for document in (DOCUMENT, empty, lost, replace(DOCUMENT, source="other")):
        note(database, document)
    places = [SOURCE, "empty", "lost", "never"]
    assert database.read(lambda it: read_policies(it, places)) == {
        SOURCE: (DOCUMENT, b"version: 1"),
        "empty": (empty, None),
        "lost": (lost, None),
    }
    assert database.read(lambda it: read_policies(it, [])) == {}


def test_a_text_never_changes(database: Database) -> None:
    """A digest stands for one text; keeping it again changes nothing."""
    keep(database)
    keep(database, b"something else")
    note(database, DOCUMENT)
    ((_, text),) = database.read(lambda it: read_policies(it, [SOURCE])).values()
    assert text == b"version: 1"


def test_listings_tell_when_they_were_read(database: Database) -> None:
    """Each file and branch of a repository has a time of its own, and the last one stands."""
    on_branch, elsewhere = ListingNeeded(VALIDATION, BRANCH), ListingNeeded(VALIDATION, "hotfix")

    def read(listing: ListingNeeded, repository: RepositoryId, minutes: int) -> None:
        at = before(minutes=minutes)
        database.transact(lambda tx: record_listing(tx, repository, listing, ListingRecord(at)))

    read(on_branch, REPOSITORY, 9)
    read(elsewhere, REPOSITORY, 5)
    read(on_branch, REPOSITORY, 1)
    read(on_branch, FORK, 7)
    assert database.read(lambda it: read_listings(it, REPOSITORY)) == {
        on_branch: ListingRecord(before(minutes=1)),
        elsewhere: ListingRecord(before(minutes=5)),
    }


@pytest.mark.parametrize(("seconds", "is_unsettled"), [(0, True), (29, True), (30, False)])
def test_an_empty_listing_is_settled_when_it_was_empty_twice(
    database: Database, seconds: int, *, is_unsettled: bool
) -> None:
    """That GitHub lists no run any more counts once it was so for thirty seconds."""
    listing = ListingNeeded(VALIDATION, BRANCH)
    record = ListingRecord(NOW, NOW - timedelta(seconds=seconds))
    database.transact(lambda tx: record_listing(tx, REPOSITORY, listing, record))
    assert database.read(lambda it: read_listings(it, REPOSITORY)) == {listing: record}
    assert record.is_unsettled == is_unsettled

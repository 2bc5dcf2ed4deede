"""Policies are kept by digest, and where each stands is known until it may have changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.ids import RepositoryId
from gate.domain.missing import ListingNeeded
from gate.store.database import Database
from gate.store.listings import read_listings, record_listing
from gate.store.policies import (
    PolicyDocument,
    read_document,
    read_policies,
    record_document,
    record_policy_text,
    record_suspect,
)
from tests.builders import BRANCH, DIGEST, FORK, INSTALLATION, NOW, REPOSITORY, VALIDATION, before

SOURCE = "1001:.github/deployment-gate.yml"
DOCUMENT = PolicyDocument(SOURCE, INSTALLATION, DIGEST, '"etag"', NOW)


def note(database: Database, document: PolicyDocument) -> None:
    """Note what a place holds."""
    database.transact(lambda tx: record_document(tx, document))


def keep(database: Database, text: bytes = b"version: 1") -> None:
    """Keep a policy's text."""
    database.transact(lambda tx: record_policy_text(tx, DIGEST, text))


@pytest.mark.parametrize(
    "document",
    [DOCUMENT, replace(DOCUMENT, digest=None, etag=None), replace(DOCUMENT, suspect=True)],
    ids=["full", "none", "suspect"],
)
def test_a_place_is_read_as_it_was_noted(database: Database, document: PolicyDocument) -> None:
    """What a place holds is known once it was read, even when it holds nothing."""
    assert database.read(lambda it: read_document(it, SOURCE)) is None
    note(database, document)
    assert database.read(lambda it: read_document(it, SOURCE)) == document


def test_reading_again_ends_the_suspicion(database: Database) -> None:
    """A place that may have changed is suspect until it is read again."""
    note(database, DOCUMENT)
    database.transact(lambda tx: record_suspect(tx, SOURCE))
    assert database.read(lambda it: read_document(it, SOURCE)) == replace(DOCUMENT, suspect=True)
    renewed = replace(DOCUMENT, etag='"new"', read_at=NOW)
    note(database, renewed)
    assert database.read(lambda it: read_document(it, SOURCE)) == renewed


def test_a_place_that_was_never_read_is_not_suspected(database: Database) -> None:
    """Suspecting an unknown place notes nothing: it is read anyway."""
    database.transact(lambda tx: record_suspect(tx, SOURCE))
    assert database.read(lambda it: read_document(it, SOURCE)) is None


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
    on_branch, everywhere = ListingNeeded(VALIDATION, BRANCH), ListingNeeded(VALIDATION, None)

    def read(listing: ListingNeeded, repository: RepositoryId, minutes: int) -> None:
        at = before(minutes=minutes)
        database.transact(lambda tx: record_listing(tx, repository, listing, at))

    read(on_branch, REPOSITORY, 9)
    read(everywhere, REPOSITORY, 5)
    read(on_branch, REPOSITORY, 1)
    read(on_branch, FORK, 7)
    assert database.read(lambda it: read_listings(it, REPOSITORY)) == {
        on_branch: before(minutes=1),
        everywhere: before(minutes=5),
    }

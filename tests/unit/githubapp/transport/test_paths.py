"""No name or link leads a call anywhere but below the API root."""

from __future__ import annotations

import pytest

from gate.errors import Refused
from gate.githubapp.transport.paths import (
    file_path,
    is_full_name,
    path_below,
    repository_path,
    segment,
)


@pytest.mark.parametrize("name", ["a/b", "octo-org/.github", "o/my.repo_1", "1/2", "a/..."])
def test_a_repositorys_name_is_taken(name: str) -> None:
    """Letters, digits, dots, dashes and underscores make a name."""
    assert is_full_name(name)
    assert repository_path(name, "/x") == f"/repos/{name}/x"


_ODD = ["", "/", "a", "a/", "/b", "a/b/c", "a b/c", "a/b?x", "a/b#", "a/b\n", "a/b\0", "a\\b/c"]
_STEPS = ["../b", "a/..", "./b", "a/.", "a/%2e%2e"]
_LONG = [f"a/{'b' * 101}", "\N{LATIN SMALL LETTER E WITH ACUTE}/b"]


@pytest.mark.parametrize("name", _ODD + _STEPS + _LONG)
def test_what_is_no_name_is_not_called(name: str) -> None:
    """GitHub would not find it; something on the way might resolve it."""
    with pytest.raises(Refused) as caught:
        repository_path(name)
    assert caught.value.reason == "not_found"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("production-frontend", "production-frontend"),
        ("prod/eu west", "prod%2Feu%20west"),
        ("a?b#c%2F", "a%3Fb%23c%252F"),
        ("../..", "..%2F.."),
        ("\N{LATIN SMALL LETTER U WITH DIAERESIS}", "%C3%BC"),
    ],
)
def test_a_segment_stays_one(text: str, expected: str) -> None:
    """Environments may be called almost anything."""
    assert segment(text) == expected


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_a_segment_cannot_step_out(text: str) -> None:
    """These would be resolved before anything is sent."""
    with pytest.raises(Refused):
        segment(text)


def test_a_files_path_keeps_its_slashes() -> None:
    """Only the segments are encoded, and none may step out."""
    assert file_path(".github/deployment gate.yml") == ".github/deployment%20gate.yml"
    with pytest.raises(Refused):
        file_path(".github/../../secrets")


ROOT = "https://github.example.com/api/v3"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{ROOT}/repositories/1/runs?per_page=5&page=2", "/repositories/1/runs?per_page=5&page=2"),
        (f"{ROOT}/app", "/app"),
        ("/api/v3/repositories/1", "/repositories/1"),
        ("repositories/1?x=%2F", "/repositories/1?x=%2F"),
        (f"{ROOT}/a/../b", None),
        (f"{ROOT}/%2e%2e/%2E./admin", None),
        (f"{ROOT}/../../admin", None),
        (f"{ROOT}x/app", None),
        ("/repositories/1", None),
        ("https://github.example.com/login", None),
        ("http://github.example.com/api/v3/app", None),
        ("https://github.example.com:444/api/v3/app", None),
        ("https://user@github.example.com/api/v3/app", None),
        ("//evil.example/api/v3/app", None),
        ("https://evil.example/api/v3/app", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_a_link_leads_below_the_root(url: str, expected: str | None) -> None:
    """Redirects and next pages are followed on the configured GitHub only."""
    assert path_below(ROOT, url) == expected
    assert path_below(f"{ROOT}/", url) == expected

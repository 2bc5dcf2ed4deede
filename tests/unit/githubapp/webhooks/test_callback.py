"""The run id comes out of a callback URL of this GitHub and this repository, or nothing does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.model.ids import RepositoryId
from gate.errors import DeliveryRejected
from gate.githubapp.webhooks.callback import parse_callback

API = "https://api.github.com"
GHES = "https://github.example.com/api/v3"
END = "/actions/runs/77/deployment_protection_rule"
OWN = RepositoryId(910_000_001)


def read(url: str, api_url: str = API) -> int:
    """Read a callback URL of octo-org/frontend."""
    return parse_callback(url, api_url=api_url, full_name="octo-org/frontend", repository_id=OWN)


@pytest.mark.parametrize(
    ("url", "api_url"),
    [
        (f"{API}/repos/octo-org/frontend{END}", API),
        (f"{API}/repos/octo-org/frontend{END}", f"{API}/"),
        (f"{API}/repos/Octo-Org/Frontend{END}", API),
        (f"{API}/repositories/{OWN}{END}", API),
        (f"{GHES}/repos/octo-org/frontend{END}", GHES),
        (f"{GHES}/repositories/{OWN}{END}", GHES),
        (f"https://API.GitHub.com/repos/octo-org/frontend{END}", API),
        (f"http://127.0.0.1:4100/repos/octo-org/frontend{END}", "http://127.0.0.1:4100"),
    ],
)
def test_a_callback_of_our_own_gives_its_run(url: str, api_url: str) -> None:
    """By name or by id, on github.com or on an Enterprise Server, the run id is read."""
    assert read(url, api_url) == 77


@pytest.mark.parametrize(
    "url",
    [
        "",
        API,
        f"{API}.evil.example/repos/octo-org/frontend{END}",
        f"http://api.github.com/repos/octo-org/frontend{END}",
        f"https://api.github.com:8443/repos/octo-org/frontend{END}",
        f"https://evil.example/repos/octo-org/frontend{END}",
        f"https://api.github.com@evil.example/repos/octo-org/frontend{END}",
        f"https://user@api.github.com/repos/octo-org/frontend{END}",
        f" {API}/repos/octo-org/frontend{END}",
        f"\t{API}/repos/octo-org/frontend{END}",
        f"ht\ntps://api.github.com/repos/octo-org/frontend{END}",
        f"//api.github.com/repos/octo-org/frontend{END}",
        f"{API}/repos/octo-org/other{END}",
        f"{API}/repos/other/frontend{END}",
        f"{API}/repos/octo-org/frontend-2{END}",
        f"{API}/repositories/910000002{END}",
        f"{API}/repos/octo-org/\N{LATIN SMALL LETTER SHARP S}{END}",
        f"{API}/repos/octo-org/frontend{END}\N{FULLWIDTH DIGIT ONE}",
    ],
)
def test_a_callback_of_anybody_else_is_foreign(url: str) -> None:
    """Another scheme, host, port, user or repository is refused as foreign."""
    with pytest.raises(DeliveryRejected) as caught:
        read(url)
    assert caught.value.reason == "foreign_callback"


@pytest.mark.parametrize(
    "url",
    [
        f"{API}/",
        f"{API}/api/v3/repos/octo-org/frontend{END}",
        f"{API}/repos/octo-org/frontend{END}/",
        f"{API}/repos/octo-org/frontend{END}?x=1",
        f"{API}/repos/octo-org/frontend{END}#x",
        f"{API}/repos/octo-org/frontend{END}\n",
        f"{API}/repos/octo-org/frontend/../frontend{END}",
        f"{API}//repos/octo-org/frontend{END}",
        f"{API}/repos/octo-org%2Ffrontend{END}",
        f"{API}/repos/octo-org/frontend/actions/runs/0/deployment_protection_rule",
        f"{API}/repos/octo-org/frontend/actions/runs/-1/deployment_protection_rule",
        f"{API}/repos/octo-org/frontend/actions/runs/077/deployment_protection_rule",
        f"{API}/repos/octo-org/frontend/actions/runs/7_7/deployment_protection_rule",
        f"{API}/repos/octo-org/frontend/actions/runs//deployment_protection_rule",
        f"{API}/repos/octo-org/frontend/actions/runs/77",
        f"{API}/repos/octo-org/frontend/actions/runs/{2**63}/deployment_protection_rule",
        f"{API}/repos/octo-org/frontend/actions/runs/{10**30}/deployment_protection_rule",
    ],
)
def test_what_is_no_callback_is_malformed(url: str) -> None:
    """Below our own root, everything but the documented path is refused."""
    with pytest.raises(DeliveryRejected) as caught:
        read(url)
    assert caught.value.reason == "malformed"


def test_the_largest_run_id_fits() -> None:
    """Every id that a 64-bit column keeps is read."""
    largest = 2**63 - 1
    url = f"{API}/repos/octo-org/frontend/actions/runs/{largest}/deployment_protection_rule"
    assert read(url) == largest


def test_an_id_is_foreign_where_none_is_known() -> None:
    """Without a repository id to compare with, the form with an id proves nothing."""
    url = f"{API}/repositories/{OWN}{END}"
    with pytest.raises(DeliveryRejected, match="another repository"):
        parse_callback(url, api_url=API, full_name="octo-org/frontend")


def test_letters_that_fold_to_others_do_not_stretch_a_name() -> None:
    """A sharp s folds to two letters; it must not make room for a third one behind it."""
    url = f"{API}/repos/octo-org/\N{LATIN SMALL LETTER SHARP S}x{END}"
    with pytest.raises(DeliveryRejected):
        parse_callback(url, api_url=API, full_name="octo-org/ss", repository_id=OWN)


_HOSTS = [API, "https://", "api.github.com", "@", ":443", "/"]
_PATHS = ["/repos/", "/repositories/", "octo-org", "frontend", "910000001", "/actions/runs/", END]
_TRAPS = ["9" * 25, "?", "#", "..", "%2F", "\0"]


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(_HOSTS + _PATHS + _TRAPS), max_size=9).map("".join),
    )
)
def test_any_text_is_read_or_refused(url: str) -> None:
    """No text makes the reading fail, and what is read is of our own root and repository."""
    try:
        run_id = read(url)
    except DeliveryRejected:
        return
    names = {f"{API}/repos/octo-org/frontend", f"{API}/repositories/{OWN}"}
    tail = f"/actions/runs/{run_id}/deployment_protection_rule"
    assert url.casefold() in {f"{name}{tail}".casefold() for name in names}

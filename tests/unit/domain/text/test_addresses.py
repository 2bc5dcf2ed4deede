"""What of an address may be shown, and which page lists a repository's issues."""

from __future__ import annotations

import pytest

from gate.domain.text.addresses import file_page, issues_page

RUN = "https://ghe.example.com/mona/shop/actions/runs/5"
PAGE = "https://ghe.example.com/mona/shop/issues"


@pytest.mark.parametrize(
    ("labels", "page"),
    [
        (("prod",), f"{PAGE}?q=is%3Aissue%20label%3A%22prod%22"),
        ((), f"{PAGE}?q=is%3Aissue"),
        (("a b", "c&d"), f"{PAGE}?q=is%3Aissue%20label%3A%22a%20b%22%20label%3A%22c%26d%22"),
        (("x" * 400,), PAGE),
    ],
)
def test_the_issues_are_listed_on_the_host_of_the_run(labels: tuple[str, ...], page: str) -> None:
    """Labels are spelled for an address; too long ones leave the unfiltered list."""
    assert issues_page(RUN, "mona/shop", labels) == page


@pytest.mark.parametrize(
    "job_url", ["", "javascript:alert(1)", "https://github.com@evil.example/x"]
)
def test_no_run_gives_no_page(job_url: str) -> None:
    """What is no harmless address names no host."""
    assert issues_page(job_url, "mona/shop", ()) == ""


@pytest.mark.parametrize(
    ("page", "source", "link"),
    [
        (
            RUN,
            "mona/shop/.github/deployment-gate.yml",
            "https://ghe.example.com/mona/shop/blob/HEAD/.github/deployment-gate.yml",
        ),
        (RUN, "the server's policy", ""),
        (RUN, "mona/shop", ""),
        (RUN, "mona/shop/a b.yml", ""),
        ("", "mona/shop/x.yml", ""),
        ("javascript:alert(1)", "mona/shop/x.yml", ""),
    ],
)
def test_the_page_of_a_file(page: str, source: str, link: str) -> None:
    """On the host that GitHub's own address names, or none."""
    assert file_page(page, source) == link

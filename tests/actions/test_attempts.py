"""Retries, devices and several reports make one flow each."""

from __future__ import annotations

import pytest

from reporting.flows import Flow, Status
from tests.actions.samples import case, flows_of, plain, report, suite

FILE = "flows/add.yml"


@pytest.mark.parametrize(
    ("statuses", "expected", "note"),
    [
        (["SUCCESS"], Status.PASSED, None),
        (["SUCCESS", "SUCCESS"], Status.PASSED, None),
        (["ERROR", "SUCCESS"], Status.FLAKY, "try 0"),
        (["ERROR", "ERROR", "SUCCESS"], Status.FLAKY, "try 0"),
        (["CANCELED", "SUCCESS"], Status.FLAKY, "did not complete: CANCELED"),
        (["ERROR", "WARNING"], Status.FLAKY, "try 0"),
        (["SUCCESS", "ERROR"], Status.FAILED, "try 1"),
        (["ERROR", "CANCELED"], Status.FAILED, "try 0"),
        (["ERROR", "SUCCESS", "ERROR"], Status.FAILED, "try 0"),
        (["SUCCESS", "CANCELED"], Status.NOT_RUN, "did not complete: CANCELED"),
        (["WARNING", "SUCCESS"], Status.PASSED, None),
    ],
)
@pytest.mark.parametrize("where", ["suite", "suites", "reports"])
def test_retries(statuses: list[str], expected: Status, note: str | None, where: str) -> None:
    """A flow that passed at last is flaky; one whose last attempt did not pass takes the worst."""
    cases = [
        case("Add", status, f"try {number}" if status == "ERROR" else None, file=FILE)
        for number, status in enumerate(statuses)
    ]
    reports = {
        "suite": [plain(*cases)],
        "suites": [report(*map(suite, cases))],
        "reports": [plain(it) for it in cases],
    }[where]
    assert flows_of(*reports) == (Flow("add.yml", expected, note, attempts=len(statuses)),)


def test_attempts_are_ordered_by_their_start() -> None:
    """Where each attempt says when it began, the order of the reports does not matter."""
    late = plain(case("Add", "SUCCESS", file=FILE, timestamp="2026-01-01T10:05:00"))
    early = plain(case("Add", "ERROR", file=FILE, timestamp="2026-01-01T10:00:00Z"))
    assert [it.status for it in flows_of(late, early)] == [Status.FLAKY]


def test_attempts_without_a_start_keep_their_order() -> None:
    """One attempt that does not say when it began leaves the order of the reports."""
    first = plain(case("Add", "SUCCESS", file=FILE, timestamp="2026-01-01T10:05:00"))
    second = plain(case("Add", "ERROR", file=FILE, timestamp="yesterday"))
    assert [it.status for it in flows_of(first, second)] == [Status.FAILED]


def test_namesakes_in_one_suite_are_no_retry() -> None:
    """Two flows of one name without files may be two flows, so the failed one counts."""
    twice = plain(case("Add", "ERROR", "gone"), case("Add", "SUCCESS"))
    assert flows_of(twice) == (Flow("Add", Status.FAILED, "gone"),)


def test_a_name_in_a_second_report_is_a_retry() -> None:
    """A report of its own for a flow of the same name is that of another try."""
    found = flows_of(plain(case("Add", "ERROR", "gone")), plain(case("Add", "SUCCESS")))
    assert found == (Flow("Add", Status.FLAKY, "gone", attempts=2),)


def test_another_device_is_no_retry() -> None:
    """A flow that fails on one of two devices failed, and its note names that device."""
    red = suite(case("Add", "ERROR", "gone", file=FILE), device="small")
    green = suite(case("Add", "SUCCESS", file=FILE), device="large")
    for suites in ((red, green), (green, red)):
        assert flows_of(report(*suites)) == (Flow("add.yml", Status.FAILED, "on small: gone"),)


def test_all_devices_on_which_a_flow_failed_are_named() -> None:
    """The message is that of the first of them; a device without a name is called so."""
    suites = [
        suite(case("Add", "ERROR", "gone", file=FILE), device="a\u202e\nb"),
        suite(case("Add", "ERROR", "late", file=FILE)),
        suite(case("Add", "SUCCESS", file=FILE), device="large"),
    ]
    (found,) = flows_of(report(*suites))
    assert found.note == "on a b, an unnamed device: gone"


def test_a_flow_that_passes_on_all_devices_has_no_note() -> None:
    """Nobody needs to know where."""
    suites = [suite(case("Add", file=FILE), device=name) for name in ("small", "large")]
    assert flows_of(report(*suites)) == (Flow("add.yml", Status.PASSED),)


def test_files_of_one_name_in_two_folders_are_two_flows() -> None:
    """They are told apart by their paths."""
    found = flows_of(
        plain(
            case("Log in", "ERROR", "gone", file="shop/login.yml"),
            case("Log in", file="admin\\login.yml"),
            case("Pay", file="shop/pay.yml"),
        )
    )
    assert [(it.name, it.passes) for it in found] == [
        ("shop/login.yml", False),
        ("admin/login.yml", True),
        ("pay.yml", True),
    ]


def test_no_two_flows_share_a_name() -> None:
    """A flow named like another one's file gets a number."""
    found = flows_of(plain(case("x", file="a.yml"), case("a.yml", "ERROR", "gone")))
    assert [(it.name, it.passes) for it in found] == [("a.yml", True), ("a.yml (2)", False)]


def test_flows_keep_the_order_of_the_reports() -> None:
    """The first report's flows come first."""
    found = flows_of(plain(case("b"), case("a")), plain(case("c"), case("b")))
    assert [it.name for it in found] == ["b", "a", "c"]

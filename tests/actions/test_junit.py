"""Maestro's reports are read in all their forms, and an unknown form is no pass."""

from __future__ import annotations

import pytest

from reporting.flows import Flow, Status, passed, unpassed
from tests.actions.junit_reports import OLD, only
from tests.actions.samples import case, element, flow, flows_of, plain, report, suite


def test_old_reports_have_neither_status_nor_time() -> None:
    """Without a status, a flow with no failure passed."""
    assert flows_of(OLD) == (
        Flow("home", Status.PASSED),
        Flow("chat", Status.FAILED, "Element not found"),
        Flow("inbox", Status.PASSED),
    )


@pytest.mark.parametrize(
    ("status", "failure", "expected"),
    [
        ("SUCCESS", None, Status.PASSED),
        ("success", None, Status.PASSED),
        (None, None, Status.PASSED),
        ("WARNING", None, Status.WARNED),
        ("ERROR", None, Status.FAILED),
        ("ERROR", "gone", Status.FAILED),
        ("SUCCESS", "gone", Status.FAILED),
        ("WARNING", "gone", Status.FAILED),
        ("CANCELED", "gone", Status.FAILED),
        (None, "gone", Status.FAILED),
        ("SUCCESS", "", Status.FAILED),
        ("CANCELED", None, Status.NOT_RUN),
        ("STOPPED", None, Status.NOT_RUN),
        ("PENDING", None, Status.NOT_RUN),
        ("PREPARING", None, Status.NOT_RUN),
        ("INSTALLING", None, Status.NOT_RUN),
        ("RUNNING", None, Status.NOT_RUN),
        ("SKIPPED", None, Status.NOT_RUN),
        ("PASS-ISH", None, Status.NOT_RUN),
        ("", None, Status.NOT_RUN),
    ],
)
def test_status_of_a_flow(status: str | None, failure: str | None, expected: Status) -> None:
    """Status and failure are both read, and the worse counts; an unknown status is no pass."""
    assert only(plain(case("f", status, failure, id="f"))).status is expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<error>gone</error>", Status.FAILED),
        ("<Failure>gone</Failure>", Status.FAILED),
        ('<x:failure xmlns:x="urn:x">gone</x:failure>', Status.FAILED),
        ('<failure message="gone"/>', Status.FAILED),
        ("<skipped/>", Status.NOT_RUN),
        ("<skipped/><failure>gone</failure>", Status.FAILED),
        ("<system-out>failure</system-out>", Status.PASSED),
        ('<properties><property name="tags" value="smoke"/></properties>', Status.PASSED),
    ],
)
def test_elements_of_other_tools(inside: str, expected: Status) -> None:
    """What other writers of JUnit say of a failure is understood too."""
    found = only(plain(element("testcase", inside, name="f", status="SUCCESS")))
    assert found.status is expected
    assert (found.note == "gone") is (expected is Status.FAILED)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("add-exercise-and-see-it-in-list.yml", "add-exercise-and-see-it-in-list.yml"),
        (".maestro/shop/add.yaml", "add.yaml"),
        ("C:\\work\\flows\\add.yaml", "add.yaml"),
        (None, "The flow"),
        ("", "The flow"),
        ("flows/", "The flow"),
        ("日本/流れ.yaml", "流れ.yaml"),
    ],
)
def test_name_of_a_flow(file: str | None, name: str) -> None:
    """A flow goes by the name of its file, where the report knows it."""
    assert only(plain(case("The flow", file=file))).name == name


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        (None, None),
        ("41", 41.0),
        ("50.776", 50.776),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-1", None),
        ("1e300", None),
    ],
)
def test_time_of_a_flow(time: str | None, seconds: float | None) -> None:
    """Times are absent, whole or decimal; one that cannot be is not known."""
    assert only(plain(case("f", time=time))).seconds == seconds


@pytest.mark.parametrize(
    ("steps", "status", "note"),
    [
        ([("1. Launch", "COMPLETED", None)], Status.PASSED, None),
        (
            [("1. Launch", "COMPLETED", None), ("2. Tap", "WARNED", None)],
            Status.WARNED,
            "2. Tap: passed with a warning",
        ),
        (
            [
                ("1. Launch", "WARNED", None),
                ("2. Tap", "FAILED", "gone"),
                ("3. See", "SKIPPED", None),
            ],
            Status.FAILED,
            "2. Tap: gone",
        ),
        ([("1. Launch", "COMPLETED", None), ("2. See", "SKIPPED", None)], Status.PASSED, None),
        (
            [("1. Launch", "SKIPPED", None)],
            Status.NOT_RUN,
            "1. Launch: did not complete: SKIPPED",
        ),
        ([("1. Launch", "SKIPPED", "gone")], Status.FAILED, "1. Launch: gone"),
        (
            [("1. Launch", "COMPLETED", None), ("2. Tap", "PENDING", None)],
            Status.NOT_RUN,
            "2. Tap: did not complete: PENDING",
        ),
        (
            [("1. Launch", "COMPLETED", None), ("2. Tap", "DREAMT", None)],
            Status.NOT_RUN,
            "2. Tap: did not complete: DREAMT",
        ),
        ([("Shop", "CANCELED", None)], Status.NOT_RUN, "did not complete: CANCELED"),
        ([("Shop", "SUCCESS", None)], Status.PASSED, None),
        ([("Flow execution", "FAILED", "crash")], Status.FAILED, "Flow execution: crash"),
        ([], Status.NOT_RUN, "did not complete: no steps"),
    ],
)
def test_detailed_form(
    steps: list[tuple[str, str, str | None]], status: Status, note: str | None
) -> None:
    """A suite in a suite is a flow, and its worst step decides; skipped steps do not count."""
    written = [case(name, given, failure, classname="Shop") for name, given, failure in steps]
    found = only(report(suite(flow("Shop", *written, file="a/shop.yml", time="3.5"))))
    assert found == Flow("shop.yml", status, note, 3.5)


def test_detailed_form_with_sub_flows() -> None:
    """A failure two sub-flows deep is one of the flow."""
    deep = flow("Log in", flow("Type", case("2. Tap", "FAILED", "gone")))
    found = flows_of(
        report(
            suite(flow("A", case("1. Go", "COMPLETED"), deep), flow("B", case("1", "COMPLETED")))
        )
    )
    assert [(it.name, it.status, it.note) for it in found] == [
        ("A", Status.FAILED, "2. Tap: gone"),
        ("B", Status.PASSED, None),
    ]


def test_merged_suites_are_no_flows() -> None:
    """A suite that a tool put into another keeps its flows."""
    inner = suite(case("a", id="a"), case("b", "ERROR", id="b"), device="one")
    found = flows_of(report(suite(inner, suite(case("c", id="c")), suite(case("d"), device="two"))))
    passes = [(it.name, it.passes) for it in found]
    assert passes == [("a", True), ("b", False), ("c", True), ("d", True)]


def test_a_suite_may_be_the_root() -> None:
    """A report without `testsuites` around its one suite is read alike."""
    assert [it.name for it in flows_of(suite(case("a"), case("b")).encode())] == ["a", "b"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], False),
        (["SUCCESS"], True),
        (["SUCCESS", "WARNING"], True),
        (["SUCCESS", "ERROR"], False),
        (["SUCCESS", "CANCELED"], False),
    ],
)
def test_a_validation_passes_only_if_each_flow_does(statuses: list[str], expected: bool) -> None:
    """No flows are no pass, and one that did not run is none either."""
    cases = [case(f"f{number}", status) for number, status in enumerate(statuses)]
    assert passed(flows_of(plain(*cases)) if cases else ()) is expected


def test_failed_flows_come_before_those_that_did_not_run() -> None:
    """People look at the worst first."""
    found = flows_of(plain(case("a", "CANCELED"), case("b"), case("c", "ERROR")))
    assert [it.name for it in unpassed(found)] == ["c", "a"]

"""Maestro's reports are read in all their forms, and what is not understood is no pass."""

from __future__ import annotations

import pytest

from reporting import document
from reporting.flows import Flow, Status, passed, unpassed
from reporting.judging import MESSAGE_LIMIT
from reporting.junit import NAME_LIMIT, parse_report
from reporting.problem import ReportProblem
from tests.actions.samples import NAME, case, element, flow, flows_of, plain, report, suite

OLD = b"""<?xml version='1.0' encoding='UTF-8'?>
<testsuites>
  <testsuite name="Test Suite" device="R5" tests="3" failures="1">
    <testcase id="home" name="home"/>
    <testcase id="chat" name="chat"><failure>Element not found</failure></testcase>
    <testcase id="inbox" name="inbox"/>
  </testsuite>
</testsuites>
"""


def only(data: bytes) -> Flow:
    """Read a report of one flow."""
    (found,) = flows_of(data)
    return found


def problem_of(data: bytes) -> ReportProblem:
    """Read what cannot be read."""
    with pytest.raises(ReportProblem) as caught:
        parse_report(data, NAME)
    return caught.value


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
    ("data", "line", "words"),
    [
        (b"", None, "the file is empty"),
        (b" \n ", None, "the file is empty"),
        (b"not xml", 1, "not valid XML"),
        (b"<testsuites>\n<testsuite>\n</testsuites>", 3, "not valid XML: mismatched tag"),
        (b"<testsuites>\n<testsuite name='a'>\n", 3, "not valid XML: no element found"),
        (OLD + b"<testsuites/>", 9, "not valid XML: junk after document element"),
        (b"<html></html>", 1, "not a JUnit report: the root element is <html>"),
        (b"<testcase name='a'/>", 1, "not a JUnit report: the root element is <testcase>"),
        (b"<testsuites/>", 1, "contains no flow"),
        (report(suite()), 2, "contains no flow"),
        (b"<testsuites>\n<testcase name='a'/></testsuites>", 2, "<testcase> inside <testsuites>"),
        (
            report(suite(element("properties", case("f", "ERROR")))),
            2,
            "<testcase> inside <properties>",
        ),
        (plain(element("testcase", case("f", "ERROR"), name="g")), 2, "inside <testcase>"),
        (report(element("group", suite(case("f")))), 2, "<testsuite> inside <group>"),
        (report(suite(element("testsuites"), case("f"))), 2, "<testsuites> inside <testsuite>"),
        (plain(case("")), 2, "a flow without a name"),
        (plain(case("\u200b")), 2, "a flow without a name"),
    ],
)
def test_broken_report(data: bytes, line: int | None, words: str) -> None:
    """What is no report or holds no flow is a problem that names its line."""
    problem = problem_of(data)
    assert words in problem.message
    assert (problem.file, problem.line) == (NAME, line)
    assert str(problem).startswith(NAME if line is None else f"{NAME}, line {line}: ")


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE testsuites [
<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
]>
<testsuites><testsuite><testcase name="&b;"/></testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (BOMB, 2, "DOCTYPE"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuites/>', 1, "DOCTYPE"),
        (b"<testsuites>&unknown;</testsuites>", 1, "not valid XML: undefined entity"),
        (b'<?xml version="1.0" encoding="klingon"?><testsuites/>', 1, "encoding other than UTF-8"),
        (b'<?xml version="1.0" encoding="idna"?><testsuites/>', 1, "encoding other than UTF-8"),
        (
            b'<?xml version="1.0" encoding="iso-8859-1"?><testsuites/>',
            1,
            "encoding other than UTF-8",
        ),
        (plain(case("f")).decode().encode("utf-16"), 1, "not valid XML"),
        (plain(case("f")).decode().encode("utf-16-be"), 1, "not valid XML"),
        (b"<testsuites>\n<\x00suite/></testsuites>", 2, "not valid XML"),
        (b"<testsuites>\n<\x1btestsuite/></testsuites>", 2, "not valid XML"),
        (b"<testsuites>\n<\xfftestsuite/></testsuites>", 2, "not valid XML"),
        (b"<a>" * 100_000, 1, "deep"),
    ],
)
def test_hostile_report(data: bytes, line: int, words: str) -> None:
    """Entities, odd encodings and depth without end are refused where they begin."""
    problem = problem_of(data)
    assert words in problem.message
    assert problem.line == line


def test_the_words_that_open_a_document_type_may_stand_in_a_message() -> None:
    """A flow may fail on a page's own markup."""
    found = only(plain(case("f", "ERROR", "saw <!DOCTYPE html> & <!ENTITY x>")))
    assert found.note == "saw <!DOCTYPE html> & <!ENTITY x>"


def test_size_is_capped() -> None:
    """A file larger than any report is not parsed."""
    data = plain(case("f")) + b" " * document.SIZE_LIMIT
    assert "larger than 16 MiB" in problem_of(data).message


def test_elements_are_counted() -> None:
    """A file of more elements than any report has is not read to its end."""
    data = report(suite("<x/>" * document.ELEMENT_LIMIT, case("f")))
    assert "more than 200,000 elements" in problem_of(data).message


def test_a_byte_order_mark_is_no_matter() -> None:
    """Windows editors put one before UTF-8."""
    assert only(b"\xef\xbb\xbf" + plain(case("f"))).passes


def test_messages_are_cut_with_a_note() -> None:
    """Megabytes of failure text leave a few lines, and how much there was."""
    note = only(plain(case("f", "ERROR", "x" * 50_000))).note
    assert note == f"{'x' * MESSAGE_LIMIT}… (cut, 50,000 characters)"
    huge = only(plain(case("f", "ERROR", "x" * 5_000_000))).note
    assert huge is not None
    assert len(huge) < MESSAGE_LIMIT + 50


def test_long_names_are_cut() -> None:
    """A name has room for any real one."""
    assert len(only(plain(case("n" * 5_000))).name) < NAME_LIMIT + 50


def test_control_characters_are_dropped() -> None:
    """Terminal escapes, changed reading direction and zero-width characters vanish."""
    found = only(
        plain(case("a\u202eb\u200bc\u0085d", "ERROR", "one\u009b31m\u2066two\tthree\nfour"))
    )
    assert found.name == "abcd"
    assert found.note == "one31mtwo three\nfour"


@pytest.mark.parametrize(
    "written",
    [
        "\x1b[31mnot\x1b[0m there",
        "&#27;[1;31mnot&#27;[0m there",
        "&#x1b;[31mnot&#x1B;[m there",
        "not\x00 there",
        "not&#0; &#xFFFF;there",
        "not\ufffe there\x08",
        "not there&#1114112;&#9999999999;",
        "<![CDATA[not\x1b[0m there]]>",
    ],
)
def test_characters_that_xml_forbids_cost_no_flow(written: str) -> None:
    """A terminal's colors in one flow's message lose neither that message nor the other flows."""
    red = element("testcase", element("failure", written), name="red", status="ERROR")
    found = flows_of(plain(case("before"), red, case("after")))
    assert found == (
        Flow("before", Status.PASSED),
        Flow("red", Status.FAILED, "not there"),
        Flow("after", Status.PASSED),
    )


def test_bytes_that_are_no_text_cost_no_flow() -> None:
    """A message cut in the middle of a character leaves a mark, and the flows."""
    data = plain(case("red", "ERROR", "gone: grü@"), case("after")).replace(b"@", b"\xc3")
    assert flows_of(data) == (
        Flow("red", Status.FAILED, "gone: grü\ufffd"),
        Flow("after", Status.PASSED),
    )


def test_a_forbidden_character_makes_no_markup() -> None:
    """What stood around it is not joined to the end of a section, or to a reference."""
    note = "]]\x1b></failure></testcase><testcase name='green'/>&\x00lt;"
    inside = f"<failure><![CDATA[{note}]]></failure>"
    found = only(plain(element("testcase", inside, name="red", status="ERROR")))
    assert found.status is Status.FAILED
    assert found.note == "]]></failure></testcase><testcase name='green'/>&lt;"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"failures": 1}, "line 2: declares 1 failures but contains 0"),
        ({"errors": 1}, "line 2: declares 1 failures but contains 0"),
        ({"tests": 2}, "line 2: declares 2 tests but contains 1"),
        ({"tests": "two"}, "line 2: the value of tests is not a number"),
        ({"failures": "-1"}, "line 2: the value of failures is not a number"),
        ({"failures": "٣"}, "line 2: the value of failures is not a number"),
        (
            {"tests": 3, "failures": 2},
            "line 2: declares 3 tests but contains 1\nline 2: declares 2 failures but contains 0",
        ),
    ],
)
def test_a_report_that_contradicts_itself_fails_and_keeps_its_flows(
    counts: dict[str, object], words: str
) -> None:
    """A count that the results belie is one more finding, not the loss of what they say."""
    assert flows_of(plain(case("f"), **counts)) == (
        Flow("f", Status.PASSED),
        Flow(f"report {NAME}", Status.FAILED, words),
    )


def test_several_failures_of_one_case_are_no_contradiction() -> None:
    """Some tools count each failure element, not each case that has one."""
    inside = "<failure>first</failure><failure>second</failure>"
    red = element("testcase", inside, name="red", status="ERROR")
    found = flows_of(plain(red, case("green"), tests=2, failures=2))
    assert found == (
        Flow("red", Status.FAILED, "first\nsecond"),
        Flow("green", Status.PASSED),
    )


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

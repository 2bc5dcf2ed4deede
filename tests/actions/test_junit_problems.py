"""Reports that are broken, contradictory, hostile or too large."""

from __future__ import annotations

import pytest

from reporting import document
from reporting.flows import Flow, Status
from tests.actions.junit_reports import OLD, only, problem_of
from tests.actions.samples import NAME, case, element, flows_of, plain, report, suite


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

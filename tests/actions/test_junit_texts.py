"""The messages and names of a report: encodings, lengths and forbidden characters."""

from __future__ import annotations

import pytest

from reporting.flows import Flow, Status
from reporting.judging import MESSAGE_LIMIT
from reporting.junit import NAME_LIMIT
from tests.actions.junit_reports import only
from tests.actions.samples import case, element, flows_of, plain


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

"""Any bytes at all give a report or a ReportProblem."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from reporting.attempts import merge_results
from reporting.flows import passed
from reporting.junit import parse_report
from reporting.problem import ReportProblem
from tests.actions.samples import GREEN, NAME, RED, case, element, plain

_WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.sampled_from(
        [
            "",
            "SUCCESS",
            "ERROR",
            "SKIPPED",
            "0",
            "1",
            "-1",
            "nan",
            "1e999",
            "0001-01-01T00:00+23:59",
        ]
    ),
)
_TAGS = st.sampled_from(["testsuites", "testsuite", "testcase", "failure", "skipped", "x"])
_NAMES = st.sampled_from(
    ["name", "id", "file", "device", "status", "tests", "failures", "time", "timestamp"]
)
_TREES = st.recursive(
    st.builds(lambda tag, more: element(tag, **more), _TAGS, st.dictionaries(_NAMES, _WORDS)),
    lambda inner: st.builds(
        lambda tag, more, inside: element(tag, *inside, **more),
        _TAGS,
        st.dictionaries(_NAMES, _WORDS),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


def read(data: bytes) -> bool:
    """Return whether bytes are read as a pass; nothing but a ReportProblem may be raised."""
    try:
        return passed(merge_results([parse_report(data, NAME)]))
    except ReportProblem:
        return False


@given(st.binary(max_size=200))
@example(b"<?xml version='1.0' encoding='undefined'?><testsuites/>")
@example(b"<?xml version='1.0' encoding='\xff'?><testsuites/>")
@example(b"\xfe\xff\x00<")
def test_any_bytes(data: bytes) -> None:
    """Bytes that are no report are never a pass."""
    assert not read(data)


@given(st.data())
def test_a_green_report_that_was_cut_off(data: st.DataObject) -> None:
    """No part of a report is taken for the whole."""
    size = data.draw(st.integers(0, len(GREEN) - 1))
    assert not read(GREEN[:size])


@given(st.data())
def test_a_changed_byte_never_breaks_the_reader(data: st.DataObject) -> None:
    """Whatever stands at any place of a real report, the reader answers in its two ways."""
    at = data.draw(st.integers(0, len(RED) - 1))
    read(RED[:at] + data.draw(st.binary(max_size=3)) + RED[at + 1 :])


@given(st.lists(_TREES, max_size=4))
def test_any_tree(trees: list[str]) -> None:
    """A report with a failure anywhere, or with no testcase at all, does not pass."""
    text = element("testsuites", *trees)
    is_green = read(text.encode())
    if "<failure" in text and "<testcase" in text and is_green:
        # A failure outside a testcase says nothing of a flow.
        assert not any(
            "<failure" in it.partition("</testcase>")[0] for it in text.split("<testcase")[1:]
        )
    assert not (is_green and "<testcase" not in text)


@given(st.lists(st.sampled_from(["SUCCESS", "WARNING", "ERROR", "CANCELED", "other"]), min_size=1))
def test_one_flow_that_does_not_pass_is_enough(statuses: list[str]) -> None:
    """However many flows pass, all of them must."""
    cases = [case(f"f{number}", status) for number, status in enumerate(statuses)]
    assert read(plain(*cases)) is (set(statuses) <= {"SUCCESS", "WARNING"})

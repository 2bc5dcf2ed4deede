"""Reports in the shapes that Maestro writes, with content of our own."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from reporting.attempts import merge_results
from reporting.flows import Flow
from reporting.junit import parse_report

NAME = "report.xml"


def element(tag: str, *inside: str, **attributes: object) -> str:
    """Write an element; an attribute that is None is left out."""
    shown = "".join(
        f" {name}={quoteattr(str(value))}"
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{shown}>{''.join(inside)}</{tag}>"


def case(
    name: str, status: str | None = "SUCCESS", failure: str | None = None, **more: object
) -> str:
    """Write a flow as the plain form has it, or a step of the detailed one."""
    inside = "" if failure is None else element("failure", escape(failure))
    return element("testcase", inside, name=name, status=status, **more)


def flow(name: str, *steps: str, **attributes: object) -> str:
    """Write a flow, or a sub-flow of one, as the detailed form has it."""
    return element("testsuite", *steps, name=name, **attributes)


def suite(*inside: str, **attributes: object) -> str:
    """Write the suite of one device."""
    return element("testsuite", *inside, **{"name": "Test Suite", **attributes})


def report(*suites: str) -> bytes:
    """Write a whole report."""
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{element('testsuites', *suites)}".encode()


def plain(*cases: str, **attributes: object) -> bytes:
    """Write a report of one suite."""
    return report(suite(*cases, **attributes))


def flows_of(*reports: bytes) -> tuple[Flow, ...]:
    """Read reports, in the order in which they were written."""
    return merge_results(parse_report(data, NAME) for data in reports)


GREEN = plain(
    case("Open the app", id="Open the app", file="flows/open-the-app.yml", time="4.2"),
    case("Add and see", id="Add and see", file="flows/add-and-see.yml", time="21.0"),
)
RED = plain(
    case("Open the app", id="Open the app", file="flows/open-the-app.yml", time="4.2"),
    case(
        "Add and see",
        "ERROR",
        "Assertion failed: expected element 'list' to be visible",
        id="Add and see",
        file="flows/add-and-see.yml",
        time="21.0",
    ),
    tests=2,
    failures=1,
)

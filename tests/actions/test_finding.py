"""Reports are found by path and glob, and one that is missing is no pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting import finding
from reporting.finding import find_reports, read_flows
from reporting.problem import ReportProblem
from tests.actions.samples import GREEN, RED, case, plain


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own, as a step does."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*names: str) -> None:
    """Write a report under each name."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(GREEN)


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ("report-2.xml", ["report-2.xml"]),
        ("report-*.xml", ["report-1.xml", "report-2.xml", "report-10.xml"]),
        ("**/report*.xml", ["report-1.xml", "report-2.xml", "report-10.xml", "sub/report.xml"]),
        ("sub/report.xml\n report-1.xml \n\n", ["sub/report.xml", "report-1.xml"]),
        ("report-1.xml\nreport-*.xml", ["report-1.xml", "report-2.xml", "report-10.xml"]),
        ("./report-1.xml\nreport-1.xml", ["report-1.xml"]),
        ("odd[1].xml", ["odd[1].xml"]),
        (".maestro/*.xml", [".maestro/report.xml"]),
    ],
)
def test_find(patterns: str, found: list[str]) -> None:
    """Lines keep their order, globs go by number, and no file comes twice."""
    write("report-10.xml", "report-2.xml", "report-1.xml", "sub/report.xml", "odd[1].xml")
    write(".maestro/report.xml")
    assert [path.as_posix() for path in find_reports(patterns)] == found


@pytest.mark.parametrize("patterns", ["", " \n ", "none.xml", "*.none", "sub", "sub/**", "a\0b"])
def test_nothing_found(patterns: str) -> None:
    """An input that finds no file is a problem; a folder is none."""
    Path("sub").mkdir()
    with pytest.raises(ReportProblem):
        find_reports(patterns)


def test_each_line_must_find_something() -> None:
    """The report of one shard does not stand for that of another."""
    write("one.xml")
    with pytest.raises(ReportProblem, match=r"^two\.xml: no report found"):
        read_flows("one.xml\ntwo.xml")


def test_an_absolute_glob(folder: Path) -> None:
    """Runners name their folders by absolute paths."""
    write("a/report.xml")
    assert len(find_reports(f"{folder}/*/report.xml")) == 1


def test_a_link_to_a_report_is_no_second_one() -> None:
    """A tool may link the newest report under a name of its own; that is no retry."""
    write("report-1.xml")
    Path("report-latest.xml").symlink_to("report-1.xml")
    assert len(find_reports("report-*.xml")) == 1


def test_too_many_files() -> None:
    """A glob that finds the whole disk is a mistake."""
    write(*(f"r{number}.xml" for number in range(finding.FILE_LIMIT + 1)))
    with pytest.raises(ReportProblem, match="the limit is 200"):
        find_reports("*.xml")


def test_reports_are_merged() -> None:
    """One red report among green ones is red."""
    Path("a.xml").write_bytes(GREEN)
    Path("b.xml").write_bytes(RED)
    Path("c.xml").write_bytes(plain(case("Other")))
    assert [(it.name, it.status.value) for it in read_flows("*.xml")] == [
        ("open-the-app.yml", "passed"),
        ("add-and-see.yml", "failed"),
        ("Other", "passed"),
    ]


def test_a_broken_report_is_named() -> None:
    """The problem names the one file among several, and the line in it."""
    write("a.xml")
    Path("b.xml").write_text("<testsuites>\n<oops>\n</testsuites>")
    with pytest.raises(ReportProblem) as caught:
        read_flows("*.xml")
    assert (caught.value.file, caught.value.line) == ("b.xml", 3)

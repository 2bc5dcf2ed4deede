"""Inputs of the action `report-validation` that are wrong, missing or hostile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.actions.report_step import report
from tests.actions.samples import GREEN, case, plain
from tests.actions.stage import Stage


@pytest.mark.parametrize(
    "inputs",
    [{"fail_on_error": "perhaps"}, {"timeout_seconds": "0"}, {"timeout_seconds": "601"}],
)
def test_an_input_that_cannot_be_read(tmp_path: Path, stage: Stage, inputs: dict[str, str]) -> None:
    """A mistyped input fails the step instead of being guessed."""
    outcome = report(tmp_path, stage, GREEN, **inputs)
    assert outcome.status == 1
    assert next(iter(inputs)).replace("_", "-") in outcome.annotations("error")[0]
    assert stage.posts == []


def test_without_an_address(tmp_path: Path, stage: Stage) -> None:
    """Nothing is sent, and a warning says so."""
    outcome = report(tmp_path, stage, gate_url="")
    assert outcome.status == 0
    assert "the report was not sent" in outcome.annotations("warning")[0]


HOSTILE = (
    "x\n::error::forged",
    "::set-output name=passed::true",
    "##[error]forged",
    "%0A::warning::forged",
    "| a | b |",
    "`x` **bold** _it_ ~~gone~~",
    "<img src=x onerror=alert(1)> <!-- </code></pre>",
    "[click](https://evil.example) ![x](https://evil.example)",
    "@octocat #1 www.evil.example https://evil.example :tada:",
    "a\u202eb\u2066c",
    "--> \\| \\` $x$ &lt;",
    "name,line=7::x",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text(tmp_path: Path, stage: Stage, text: str) -> None:
    """Names and messages are shown, and are neither commands nor Markdown nor outputs."""
    outcome = report(tmp_path, stage, plain(case(text, "ERROR", text), case("b", "ERROR", text)))
    assert outcome.status == 1
    assert outcome.outputs["passed"] == "false"
    for line in outcome.stdout.splitlines():
        assert re.match(r"::(?:error title=Flow |add-mask::)", line)
        assert "##[" not in line
        assert "forged" not in line.partition("::")[0]
    assert [it.partition("::error title=Flow b::")[1] for it in outcome.annotations("error")][1]
    rows = [line for line in outcome.summary.splitlines() if "❌" in line]
    assert len(rows) == 2
    for row in rows:
        cells = re.fullmatch(
            r"\| <code>(.*)</code> \| ❌ failed \|  \| 1 \| <code>(.*)</code> \|", row
        )
        assert cells is not None
        for cell in cells.groups():
            assert not re.search(r"[\\`*_\[\]<>|~@$\u202e]|#(?!\d+;)|&(?!#\d+;)", cell)
            assert not re.search(r"https?:\S|www\.|:tada", cell)


def test_a_name_adds_no_property_to_its_annotation(tmp_path: Path, stage: Stage) -> None:
    """Commas and colons end a property, so in a name they are escaped."""
    outcome = report(tmp_path, stage, plain(case("a,file=b:c%", "ERROR", "gone")))
    assert outcome.annotations("error") == ["::error title=Flow a%2Cfile=b%3Ac%25::gone"]


def test_artifact_addresses_that_are_none(tmp_path: Path, stage: Stage) -> None:
    """They are left out with a warning, and the report is sent all the same."""
    outcome = report(tmp_path, stage, artifact_urls="javascript:x https://a.example/1 http://b <b>")
    assert stage.posts[0].json["artifactUrls"] == ["https://a.example/1"]
    assert "3 URLs left out" in outcome.stdout

"""What Slack gets is within its limits and calls people only when it must."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from gate.domain.model.alert import AlertKind, Mention, Severity
from gate.notify.slack.blocks import PAYLOAD_LIMIT, escape, render_message
from tests.support.alerts import HOSTILE, make_alert, make_flow, make_hostile

CALL = re.compile(r"<![a-z^]")
MOST_BLOCKS = 50


def blocks_of(message: dict[str, object]) -> list[dict[str, Any]]:
    """Return the blocks as they are sent."""
    blocks = message["blocks"]
    assert isinstance(blocks, list)
    return blocks


def texts_of(message: dict[str, object]) -> list[str]:
    """Return every text that Slack parses."""
    found = [str(message["text"])]
    for block in blocks_of(message):
        parts = block.get("elements", [block.get("text")])
        found += [part["text"] for part in parts]
    return found


@pytest.mark.parametrize("flows", [0, 1, 11, 500])
@pytest.mark.parametrize("text", [HOSTILE, "\U0001f4a5", "&", "<", "@", "`", "x", "w w", "\x00"])
def test_every_block_is_valid_however_long_and_hostile(flows: int, text: str) -> None:
    """Slack's own models find nothing wrong, and the message is below the limit of the whole."""
    message = render_message(make_hostile(flows, text, times=500))

    blocks = blocks_of(message)
    for block in Block.parse_all(blocks):
        block.validate_json()
    assert len(blocks) <= MOST_BLOCKS
    assert len(json.dumps(message)) < PAYLOAD_LIMIT
    assert all(texts_of(message))


@given(st.text(max_size=300), st.integers(0, 20))
def test_no_text_calls_anybody(text: str, flows: int) -> None:
    """What others wrote makes no mention, no link and no markup of Slack's."""
    alert = make_alert(
        mention=Mention.NONE,
        summary=text,
        environment=text,
        failed_flows=tuple(make_flow(text, 1, f"<!here> {text}") for _ in range(flows)),
    )

    for shown in texts_of(render_message(alert)):
        assert not CALL.search(shown)
        assert "<@" not in shown
        assert "<#" not in shown
        assert re.search("@(?!\u200b)", shown) is None
        links = re.findall(r"<([^>|]*)", shown)
        assert all(link.startswith("https://g") for link in links)


def test_a_flow_stands_in_code_spans_of_its_own() -> None:
    """A backquote in it does not end them."""
    flow = make_flow("a`b.yml", 1, "`*bold*` & <x>")
    message = render_message(make_alert(failed_flows=(flow,)))

    assert "• `a'b.yml` `exit code 1: '*bold*' &amp; &lt;x&gt;`" in "\n".join(texts_of(message))


def test_the_first_flows_are_shown_and_the_rest_is_counted() -> None:
    """Seventeen flows: ten, and how many more."""
    flows = tuple(make_flow(f"flow-{index}.yml") for index in range(17))
    shown = "\n".join(texts_of(render_message(make_alert(failed_flows=flows))))

    assert "*Failed flows (17)*" in shown
    assert "flow-9.yml" in shown
    assert "flow-10.yml" not in shown
    assert "\nand 7 more" in shown


def test_all_that_people_follow_is_linked() -> None:
    """Job, incident, runbook, artifact and held deployment."""
    shown = "\n".join(texts_of(render_message(make_alert())))

    assert re.findall(r"<https://[^|]+\|([^>]+)>", shown) == [
        "Validation job",
        "Incident",
        "Runbook",
        "https://github.com/mona/shop/actions/runs/12345/artifacts/screenshots",
        "run 43, attempt 1, production-frontend",
    ]
    assert "1. Review production validation logs" in shown


@pytest.mark.parametrize("mention", Mention)
@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("kind", AlertKind)
def test_people_are_called_only_for_what_is_critical_and_new(
    kind: AlertKind, severity: Severity, mention: Mention
) -> None:
    """An update, a reminder, a recovery or a test calls nobody."""
    alert = make_alert(kind=kind, severity=severity, mention=mention)

    calls = CALL.findall(json.dumps(render_message(alert)))

    quiet = {AlertKind.UPDATE, AlertKind.REMINDER, AlertKind.RECOVERY, AlertKind.TEST}
    loud = kind not in quiet
    wanted = loud and severity is Severity.CRITICAL and mention is not Mention.NONE
    assert len(calls) == (1 if wanted else 0)
    if wanted:
        assert f"<!{mention.value}>" in texts_of(render_message(alert))


@given(st.text(), st.integers(0, 40))
def test_escaped_text_keeps_to_its_limit_and_breaks_no_escape(text: str, limit: int) -> None:
    """A cut never leaves half of `&amp;`."""
    shown = escape(text, limit)

    assert len(shown) <= limit
    assert not re.search("[<>]", shown)
    assert not re.search("&(?!amp;|lt;|gt;)", shown)

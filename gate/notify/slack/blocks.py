"""Render an alert for Slack: Block Kit, and the line that notifications show.

Pure. Slack reads `<…>` as a mention or a link wherever it appears, so all foreign text is escaped,
`@` is followed by a zero-width character, and text from reports goes into code spans, where Slack
reads no markup. slack_sdk's models check each block against Slack's limits.
"""

from __future__ import annotations

import json
from typing import Final

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from gate.domain.model.alert import Alert, AlertKind, Mention
from gate.notify.outline import Item, Outline, Room, Section, outline
from gate.notify.text_and_html import render_text

PAYLOAD_LIMIT: Final = 13_000
"""Characters of JSON. Slack documents limits for blocks only; messages failed near 13,200."""

_ROOMS: Final = (Room(10, 180), Room(5, 120), Room(3, 60), Room(1, 30))
"""Tried in turn until the message is short enough; a foreign character may take twelve of JSON."""

_SECTION_LIMIT: Final = 2900
_HEADER_LIMIT: Final = HeaderBlock.text_max_length
_NAME_LIMIT: Final = 300
_NOTE_LIMIT: Final = 500
_LINE_LIMIT: Final = 1000
_QUIET: Final = frozenset(
    {AlertKind.UPDATE, AlertKind.REMINDER, AlertKind.RECOVERY, AlertKind.TEST}
)
_CALLS: Final = {
    Mention.CHANNEL: "<!channel>",
    Mention.HERE: "<!here>",
    Mention.NONE: "",
}
_ESCAPED: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b"}


def render_message(alert: Alert) -> dict[str, object]:
    """Return the payload: `text` for notifications, `blocks` for the channel.

    A message whose markup Slack refused becomes plain text.
    """
    if alert.plain:
        return {"text": escape(render_text(outline(alert, _ROOMS[-1])), _SECTION_LIMIT)}
    for room in _ROOMS[:-1]:
        message = _message(alert, room)
        if len(json.dumps(message)) < PAYLOAD_LIMIT:
            return message
    return _message(alert, _ROOMS[-1])


def escape(text: str, limit: int) -> str:
    """Escape text for Slack, whole characters of it, to at most `limit` characters."""
    safe = ""
    for char in text:
        piece = _ESCAPED.get(char, char)
        if len(safe) + len(piece) > limit:
            break
        safe += piece
    return safe


def _message(alert: Alert, room: Room) -> dict[str, object]:
    content = outline(alert, room)
    blocks = [block.to_dict() for block in _blocks(alert, content)]
    text = escape(f"{content.title}. {content.summary}", _LINE_LIMIT)
    return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _blocks(alert: Alert, content: Outline) -> list[Block]:
    blocks: list[Block] = [HeaderBlock(text=_plain(content.title or "Alert", _HEADER_LIMIT))]
    call = _call(alert)
    if call:
        blocks.append(_markdown(call))
    blocks.extend(
        SectionBlock(text=_plain(text, _LINE_LIMIT))
        for text in (content.summary, content.place)
        if text
    )
    blocks.extend(_section(section) for section in content.sections)
    blocks.append(ContextBlock(elements=[_plain(content.facts, _LINE_LIMIT)]))
    return blocks


def _call(alert: Alert) -> str:
    """Return the mention; nothing unless the alert is critical and new."""
    if not alert.is_critical or alert.kind in _QUIET:
        return ""
    return _CALLS[alert.mention]


def _plain(text: str, limit: int) -> PlainTextObject:
    return PlainTextObject(text=escape(text, limit), emoji=False)


def _markdown(text: str) -> SectionBlock:
    # Verbatim: Slack creates links and mentions only from explicit markup.
    return SectionBlock(text=MarkdownTextObject(text=text, verbatim=True))


def _section(section: Section) -> SectionBlock:
    """Return as many items under the heading as Slack accepts, and count the rest."""
    text = f"*{escape(section.heading, _NAME_LIMIT)}*"
    more = section.more + len(section.items)
    for number, item in enumerate(section.items, 1):
        line = f"\n{f'{number}.' if section.numbered else '•'} {_line(item, section)}"
        if len(text) + len(line) > _SECTION_LIMIT:
            break
        text, more = text + line, more - 1
    return _markdown(f"{text}\nand {more} more" if more else text)


def _line(item: Item, section: Section) -> str:
    shown = escape(item.text, _NAME_LIMIT)
    if item.url:
        shown = _link(item.url, shown)
    elif not section.numbered:
        shown = _code(item.text, _NAME_LIMIT)
    if item.note:
        shown = f"{shown} {_code(item.note, _NOTE_LIMIT)}"
    return shown


def _code(text: str, limit: int) -> str:
    """Return text in a code span, in which Slack reads nothing but the closing backtick."""
    return f"`{escape(text.replace('`', chr(39)), limit) or '-'}`"


def _link(url: str, shown: str) -> str:
    """Return a link to an address that `safe_url` accepted; only its `&` needs escaping."""
    return f"<{url.replace('&', '&amp;')}|{shown.replace('|', '/') or 'link'}>"

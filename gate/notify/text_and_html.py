"""Render an alert as plain text and as HTML, for email and for the services of Apprise.

Pure. The text matters most: it must read well on a terminal.
"""

from __future__ import annotations

from html import escape
from typing import Final

from gate.notify.outline import Item, Outline, Section

_STYLE: Final = "font-family: sans-serif; max-width: 48em"


def render_text(content: Outline) -> str:
    """Return the alert as text, one item a line and addresses in full."""
    opening = [content.title, content.summary, content.place]
    parts = [*opening, *map(_text_section, content.sections), content.facts]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_html(content: Outline) -> str:
    """Return the same as HTML without images, scripts or anything else that is fetched."""
    parts = [
        f"<h2>{escape(content.title)}</h2>",
        f"<p><strong>{escape(content.summary)}</strong></p>" if content.summary else "",
        f"<p>{escape(content.place)}</p>" if content.place else "",
        *map(_html_section, content.sections),
        f"<p><small>{escape(content.facts)}</small></p>",
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape(content.title)}</title></head>\n"
        f'<body style="{_STYLE}">\n{body}\n</body>\n</html>\n'
    )


def _text_section(section: Section) -> str:
    lines = [section.heading]
    for number, item in enumerate(section.items, 1):
        mark = f"{number}." if section.numbered else "-"
        lines += _text_item(item, mark)
    if section.more:
        lines.append(f"  and {section.more} more")
    return "\n".join(lines)


def _text_item(item: Item, mark: str) -> list[str]:
    """Return the item's line, then its note and its address, indented."""
    url = item.url if item.url != item.text else ""
    return [f"  {mark} {item.text}", *(f"    {it}" for it in (item.note, url) if it)]


def _html_section(section: Section) -> str:
    tag = "ol" if section.numbered else "ul"
    items = "\n".join(f"<li>{_html_item(item)}</li>" for item in section.items)
    more = f"\n<p>and {section.more} more</p>" if section.more else ""
    return f"<h3>{escape(section.heading)}</h3>\n<{tag}>\n{items}\n</{tag}>{more}"


def _html_item(item: Item) -> str:
    parts = [
        _html_link(item.url, item.text) if item.url else escape(item.text),
        f"<br>{escape(item.note)}" if item.note else "",
    ]
    return "".join(parts)


def _html_link(url: str, shown: str) -> str:
    return f'<a href="{escape(url)}">{escape(shown)}</a>'

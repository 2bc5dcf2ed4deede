"""Escape text that others wrote, so that Markdown shows it and does nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reporting.wording import cut, one_line

CELL_LIMIT = 300

_ENTITIES: Mapping[int, str] = str.maketrans({it: f"&#{ord(it)};" for it in "\\`*_[]<>&|~#@$"})
"""What begins markup anywhere in a line; an entity stands for its character and begins none."""

_LINKS = re.compile(r"www\.|:(?=\S)", re.IGNORECASE)
"""What GitHub makes a link or a picture of without any markup."""


def code(text: str) -> str:
    """Return text on one line of code, in which GitHub reads no mentions either."""
    escaped = cut(one_line(text), CELL_LIMIT).translate(_ENTITIES)
    return f"<code>{_LINKS.sub(lambda it: f'{it[0][:-1]}&#{ord(it[0][-1])};', escaped)}</code>"


def preformatted(text: str) -> str:
    """Return several lines in a preformatted block, which they cannot end."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<pre>\n{escaped}\n</pre>"


def link(label: str, url: str) -> str:
    """Return a link to a URL that `is_web_address` accepts; the label is ours."""
    return f"[{label}](<{url}>)"


def is_web_address(text: str) -> bool:
    """Return whether text is a plain http or https URL, with nothing that could end a link."""
    return _WEB_ADDRESS.fullmatch(text) is not None


_WEB_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9.\[\]:-]{1,255}(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{0,1800})?",
    re.ASCII,
)

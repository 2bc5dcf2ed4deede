"""Read a reviewer's comment: does it accept the risk, and does it say why.

Pure. Only the person's own words count. What they quote does not: GitHub puts what was said before,
the gate's own request for the acknowledgement included, into a quoted reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gate.domain.text.fold import fold

LARGEST_RATIONALE: Final = 8 * 1024
"""Bytes of UTF-8 that a rationale may have: it is kept in every record of the hold."""

_QUOTE: Final = ">"
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a comment holds: whether the words that were asked for, and how much beside them.

    `length` counts characters without blanks, and without control and format characters.
    """

    acknowledged: bool
    length: int


def is_too_long(rationale: str) -> bool:
    """Return whether a rationale is longer than any that the gate takes."""
    return len(rationale.encode("utf-8", "surrogatepass")) > LARGEST_RATIONALE


def cap_rationale(rationale: str) -> str:
    """Cut what is too long to be kept, to a length that is still known to be too long."""
    if not is_too_long(rationale):
        return rationale
    # Three bytes more, since the last character may be cut in two.
    cut = rationale.encode("utf-8", "surrogatepass")[: LARGEST_RATIONALE + 4]
    return cut.decode("utf-8", "replace")


def read_rationale(rationale: str, acknowledge: str) -> Reading:
    """Find the words of `acknowledge`, whatever their case and spacing, and measure the rest.

    They must stand by themselves: a word that merely begins with them is another word. An
    `acknowledge` without any visible character is never found.
    """
    said, asked = fold(_own_words(rationale)).casefold(), fold(acknowledge).casefold()
    rest, times = said, 0
    if asked:
        rest, times = re.subn(rf"(?<![^\W_]){re.escape(asked)}(?![^\W_])", " ", said)
    return Reading(times > 0, sum(not char.isspace() for char in rest))


def _own_words(text: str) -> str:
    """Leave out quoted lines.

    Only what ends a line in Markdown ends one here: a quoted text might bring other separators.
    """
    lines = _LINE_END.split(text)
    return "\n".join(line for line in lines if not line.lstrip().startswith(_QUOTE))

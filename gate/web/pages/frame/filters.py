"""Write values as the pages show them.

Ages are given in whole minutes, so that a page that has not changed stays the same text, and costs
its readers a 304.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from gate.domain.board.bar import Bar
from gate.domain.text.addresses import safe_url
from gate.domain.text.durations import remaining, span
from gate.domain.text.escaping import cut, visible_lines
from gate.domain.text.fold import fold

_MOST: Final = 2_000
"""Characters of one value: the texts of others may be of any length."""

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_SHA: Final = 7
_ROW: Final = 160


def show_plainly(value: object) -> object:
    """Drop what cannot be seen from a text, such as characters that turn the reading direction.

    Jinja calls it for every value it prints, before it escapes it. Longer texts are cut; `whole`
    shows them in full.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        shown = visible_lines(value)
        return shown if len(shown) <= _MOST else f"{shown[:_MOST]}…"
    return "" if value is None else value


def _whole(text: str) -> Markup:
    """Show a long text in full, such as a policy's."""
    return escape(visible_lines(text))


@pass_context
def _ago(context: Context, at: datetime | None) -> Markup | str:
    """Write how long ago something was."""
    if at is None:
        return ""
    elapsed = _now(context) - at
    return _time(at, f"{_minutes(elapsed)} ago" if elapsed >= _MINUTE else "just now")


@pass_context
def _since(context: Context, at: datetime | None) -> Markup | str:
    """Write how long something has lasted that began at a time."""
    if at is None:
        return ""
    elapsed = _now(context) - at
    return _time(at, _minutes(elapsed) if elapsed >= _MINUTE else "less than 1 min")


@pass_context
def _until(context: Context, at: datetime | None) -> Markup | str:
    """Write how long it is until a time; `now` from then on."""
    if at is None:
        return ""
    left = at - _now(context)
    return _time(at, f"in {remaining(left)}" if left > timedelta() else "now")


def _instant(at: datetime | None) -> Markup | str:
    """Write a time with its date, to the minute, in UTC."""
    return "" if at is None else _time(at, f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")


def _clock(at: datetime | None) -> Markup | str:
    """Write a time of day, to the second, in UTC; the date is its title."""
    return "" if at is None else _time(at, f"{at.astimezone(UTC):%H:%M:%S}")


def _day(at: datetime) -> date:
    """Return the day of a time, in UTC."""
    return at.astimezone(UTC).date()


def _span(length: timedelta | None) -> str:
    """Write a length of time in its one or two largest units."""
    return "" if length is None else span(length)


def _brief(text: str) -> str:
    """Put a text of any length on one line, as far as a row of a list has room for it."""
    return cut(fold(text), _ROW)


def _sha(text: str) -> str:
    """Shorten the name of a commit as GitHub does."""
    return text[:_SHA]


def _link(label: object, url: str | None) -> Markup:
    """Link a label to an address that somebody else gave; only the label where it is not safe."""
    shown = escape(show_plainly(label))
    address = safe_url(url or "")
    if not address:
        return shown
    return Markup(f'<a href="{escape(address)}" rel="noreferrer">{shown}</a>')  # noqa: S704  # both are escaped


def _coded(text: str) -> Markup:
    """Show what stands between two backticks as code, as the gate writes names of keys."""
    parts: list[str] = [*escape(show_plainly(text)).split("`")]
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    shown = (f"<code>{it}</code>" if at % 2 else it for at, it in enumerate(parts))
    return Markup("".join(shown))  # noqa: S704  # escaped before it was split


@lru_cache(maxsize=4_096)
def _bar(bar: Bar) -> Markup:
    """Draw validations in a row, oldest first; most bars of a board are equal."""
    if not bar.marks:
        return Markup()
    marks = "".join(
        f'<i class="{mark.kind} o"></i>' if mark.overridden else f'<i class="{mark.kind}"></i>'
        for mark in bar.marks
    )
    return Markup(f'<div class="bar" role="img" aria-label="{escape(bar.label)}">{marks}</div>')  # noqa: S704  # kinds are letters of ours


def _minutes(length: timedelta) -> str:
    return span(length - length % _MINUTE)


def _time(at: datetime, words: str) -> Markup:
    exact = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")
    machine = exact.replace(" ", "T")
    return Markup(f'<time datetime="{machine}Z" title="{exact} UTC">{words}</time>')  # noqa: S704  # times in words of ours


def _now(context: Context) -> datetime:
    now: datetime = context["now"]
    return now


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "ago": _ago,
    "bar": _bar,
    "brief": _brief,
    "clock": _clock,
    "coded": _coded,
    "day": _day,
    "instant": _instant,
    "link": _link,
    "sha": _sha,
    "since": _since,
    "span": _span,
    "until": _until,
    "whole": _whole,
}

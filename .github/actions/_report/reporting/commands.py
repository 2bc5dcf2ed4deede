"""Write workflow commands: annotations, masks, outputs, the job summary.

Text that others wrote is escaped, since a line that begins with `::` is a command (docs: Workflow
commands for GitHub Actions).
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping

from reporting.wording import clean, cut

_ANNOTATION_LIMIT = 4_000
_ZERO_WIDTH = "\u200b"
_SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary; GitHub drops a larger one entirely."""


def annotate(
    level: str, message: str, *, title: str = "", file: str = "", line: int | None = None
) -> None:
    """Annotate the job with a message; `level` is error, warning or notice."""
    properties = {"title": title, "file": file, "line": "" if line is None else str(line)}
    shown = ",".join(
        f"{name}={_escape_property(value)}" for name, value in properties.items() if value
    )
    head = f"::{level} {shown}" if shown else f"::{level}"
    _say(f"{head}::{_escape_data(cut(clean(message), _ANNOTATION_LIMIT))}")


def mask(secret: str) -> None:
    """Mask a secret in the log from here on. It must not contain a line break."""
    _say(f"::add-mask::{_escape_data(secret)}")


def set_output(name: str, value: str) -> None:
    """Set an output of the step. The end mark is random, so that no value can end it early."""
    mark = f"end-{secrets.token_hex(16)}"
    _append("GITHUB_OUTPUT", f"{name}<<{mark}\n{value}\n{mark}\n")


def add_summary(markdown: str) -> None:
    """Append to the job summary, cut at the end of a line when it is too large."""
    data = f"{markdown.rstrip()}\n\n".encode()
    if len(data) > _SUMMARY_LIMIT // 2:
        kept = data[: _SUMMARY_LIMIT // 2].rpartition(b"\n")[0].decode()
        markdown = f"{kept}\n\n(Cut: the summary is too long.)"
    _append("GITHUB_STEP_SUMMARY", f"{markdown.rstrip()}\n\n")


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable, "")
    if path:
        with open(path, "a", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 - as the runner names it
            file.write(text)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _escape_data(text: str) -> str:
    """Escape a command's message. The older form, `##[`, is a command anywhere in a line."""
    broken = text.replace("##[", f"##{_ZERO_WIDTH}[")
    return broken.translate(_DATA)


def _escape_property(text: str) -> str:
    return _escape_data(clean(text)).translate(_PROPERTY)


_DATA: Mapping[int, str] = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Mapping[int, str] = str.maketrans({":": "%3A", ",": "%2C"})

"""Write structured logs: one JSON object a line on stderr, or readable lines on a terminal.

Records of other libraries take the same way out. What looks like a secret is starred before
anything is written, and nothing that is logged can raise: a log line must never be what fails a
delivery. The trail that people check is in the database, not here.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

LogFormat = Literal["json", "console"]

_STARS: Final = "***"
_DEEPEST: Final = 8
_PLAIN: Final = (bool, int, float)
_SECRET_KEY: Final = re.compile(
    r"(?:.*[_.-])?(?:token|authorization|private[_-]?key|secrets?|signature|password|body|payload)",
    re.IGNORECASE | re.DOTALL,
)
_SECRET_TEXT: Final = re.compile(
    # Tokens of GitHub; the newest hold dots, dashes and underscores (GitHub changelog, April 2026).
    r"(?:gh[a-z]|github_pat)_[A-Za-z0-9._-]+"
    r"|\bgate_[A-Za-z0-9_-]{43}"  # a token of ours
    # A JSON web token. What begins like one is taken whole, dot or not: to look for the dot first
    # would read a text of many beginnings once for each.
    r"|eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9._-]+)?"
    r"|(?i:\bbearer|\bbasic)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|(?i:\btoken)\s+[A-Za-z0-9._~+/=-]{20,}"  # longer than any word that follows in a sentence
    r"|-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|\Z)"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)",  # the password in a URL
    re.DOTALL,
)
# Most texts hold none of these, and a plain search costs a fraction of the pattern.
_HINT: Final = re.compile("gh|_pat_|gate_|eyJ|earer|EARER|asic|ASIC|oken|OKEN|---|://")
_PROCESSORS: Final[list[Processor]] = []
_QUIET: Final = ("github", "urllib3", "werkzeug", "filelock", "asyncio", "alembic", "procrastinate")


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Star known keys, and anything in a text that looks like a token or a key; never raises.

    Values become plain data on the way, so that no object's `repr` is written unseen.
    """
    try:
        return _cleaned_mapping(event, 0)
    except Exception as error:  # noqa: BLE001  # a value whose __str__ raises must not end a request
        # The event itself is written by us, and without it nobody would know what was lost.
        name = event.get("event")
        kept = name if type(name) is str else "log.unreadable"
        return {"event": kept, "level": "error", "unreadable": type(error).__name__}


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.fullmatch(key) is not None


def _cleaned_mapping(values: Mapping[Any, object], depth: int) -> dict[str, Any]:
    return {
        str(key): _STARS if _is_secret(str(key)) else _cleaned(value, depth)
        for key, value in values.items()
    }


def _cleaned(value: object, depth: int) -> object:
    """Turn a value into JSON's types, without secrets; what is nested too deep is cut off."""
    if isinstance(value, str):
        return _cleaned_text(value)
    if value is None or isinstance(value, _PLAIN):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping | list | tuple | AbstractSet):
        return "…" if depth == _DEEPEST else _cleaned_nested(value, depth + 1)
    return _cleaned_text(value.isoformat() if isinstance(value, datetime) else str(value))


def _cleaned_nested(
    value: Mapping[Any, object] | list[Any] | tuple[Any, ...] | AbstractSet[Any], depth: int
) -> object:
    if isinstance(value, Mapping):
        return _cleaned_mapping(value, depth)
    return [_cleaned(item, depth) for item in value]


def _cleaned_text(text: str) -> str:
    if _HINT.search(text) is not None:
        return _SECRET_TEXT.sub(_STARS, text)
    return str(text)


def configure_logging(log_format: LogFormat | None = None) -> None:
    """Set logging up for this process; console on a terminal, JSON elsewhere, unless told.

    May be called again; loggers made before follow. A filter of level `info` is fixed.
    """
    chosen = log_format or ("console" if sys.stderr.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    finishing = _finishing(chosen)
    _PROCESSORS[:] = [*shared, *finishing]
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(_STDERR),  # type: ignore[arg-type]  # it asks for no more than write and flush
        # Making a logger costs as much as writing the line. One that is kept follows all the same,
        # since nothing but the list of processors ever changes.
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_STDERR)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _add_logger],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finishing],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # A handler that fails prints the record it failed on, secrets included.
    logging.raiseExceptions = False
    for name in _QUIET:
        # PyGithub logs whole requests and answers at DEBUG, tokens included.
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module; it follows whatever `configure_logging` sets up later."""
    logger: Any = structlog.get_logger(name)
    bound: FilteringBoundLogger = logger
    return bound


def _finishing(log_format: LogFormat) -> list[Processor]:
    """List what happens to an event last: secrets go, then it is written out."""
    if log_format == "console":
        # Tracebacks become text before they are redacted; the renderer's own would come after.
        plain = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
            exception_formatter=structlog.dev.plain_traceback,
        )
        return [structlog.processors.format_exc_info, redact, plain]
    traces = structlog.processors.ExceptionRenderer(
        # Locals hold bodies and keys.
        ExceptionDictTransformer(show_locals=False, max_frames=20)
    )
    return [traces, redact, _render_json]


def _add_logger(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the library a foreign record comes from."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["logger"] = record.name
    return event


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    try:
        return msgspec.json.encode(event).decode()
    except (ValueError, OverflowError):
        # Half a surrogate pair, or a number beyond 64 bits: the standard library takes both.
        return json.dumps(event)


class _Stderr:
    """Whatever stderr is at the moment of writing; one that is closed loses the line."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


_STDERR: Final = _Stderr()

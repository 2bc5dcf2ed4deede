"""Write structured logs: one JSON object a line on stderr, or readable lines on a terminal.

Records of other libraries go through the same formatter. What looks like a secret is starred
before anything is written; the trail that people check is in the database, never here.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, Literal

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

LogFormat = Literal["json", "console"]

_STARS: Final = "***"
_SECRET_KEYS: Final = frozenset(
    {
        "token",
        "authorization",
        "private_key",
        "secret",
        "webhook_secret",
        "signature",
        "password",
        "body",
        "payload",
    }
)
# GitHub's new tokens hold dots, dashes and underscores (GitHub changelog, April 2026).
_SECRET_TEXT: Final = re.compile(
    r"gh[a-z]_[A-Za-z0-9._-]{8,}"
    r"|(?:Bearer|token)\s+[A-Za-z0-9._~+/=-]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.DOTALL,
)
_MAY_HOLD_SECRETS: Final = re.compile(r"gh[a-z]_|Bearer|token|PRIVATE KEY|://")
_QUIET: Final = ("github", "urllib3", "werkzeug", "filelock", "asyncio", "alembic")


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Star known keys, and anything in a text that looks like a token or a key; never raises."""
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: object) -> object:
    if key in _SECRET_KEYS:
        return _STARS
    if isinstance(value, str):
        # Most texts hold nothing like it; the cheap search spares them the expensive one.
        return _SECRET_TEXT.sub(_STARS, value) if _MAY_HOLD_SECRETS.search(value) else value
    if isinstance(value, Mapping):
        return {name: _redacted(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", item) for item in value]
    return value


def configure_logging(log_format: LogFormat | None = None) -> None:
    """Set logging up for this process; console on a terminal, JSON elsewhere, unless told."""
    chosen = log_format or ("console" if sys.stderr.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[*_finishing(chosen)]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        # PyGithub logs whole requests and answers at DEBUG, tokens included.
        logging.getLogger(name).setLevel(logging.WARNING)


def _finishing(log_format: LogFormat) -> list[Processor]:
    """List what happens to an event last: secrets go, then it is written out."""
    first: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if log_format == "console":
        # The console shows tracebacks its own way, so they are redacted as text, at the end.
        return [*first, redact, structlog.dev.ConsoleRenderer()]
    return [
        *first,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(),
    ]


def get_logger(name: str) -> FilteringBoundLogger:
    """Give the logger of a module; it follows whatever `configure_logging` sets up later."""
    logger: Any = structlog.get_logger(name)
    bound: FilteringBoundLogger = logger
    return bound

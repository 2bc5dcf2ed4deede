"""Read where mail goes and who sends it; every problem names its variable and no value."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.headerregistry import Address, HeaderRegistry
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote

from gate.errors import ConfigError
from gate.notify.addresses import split_address
from gate.settings import is_loopback

_URL: Final = "GATE_SMTP_URL"
_FROM: Final = "GATE_ALERT_EMAIL_FROM"
_TO: Final = "GATE_ALERT_EMAIL_TO"
_RELAY_PORT: Final = 25
_SUBMISSION_PORT: Final = 587
_TLS_PORT: Final = 465
_STARTTLS: Final = {"": False, "0": False, "1": True}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server and how to speak to it; `user` and `password` are empty where it asks none."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Which server takes the mail, from whom, for whom."""

    server: MailServer
    sender: Address
    recipients: tuple[Address, ...]


def read_mailbox(url: str | None, sender: str | None, recipients: str | None) -> Mailbox:
    """Read the three variables together; raises ConfigError with all that is wrong with them."""
    problems: list[str] = []
    server: MailServer | None = None
    try:
        server = read_server(url or "")
    except ConfigError as error:
        problems += error.problems
    senders = _read_addresses(_FROM, sender, problems)
    if len(senders) > 1:
        problems.append(f"{_FROM} must be one address")
    found = _read_addresses(_TO, recipients, problems)
    if problems or server is None:
        raise ConfigError(tuple(problems))
    return Mailbox(server, senders[0], found)


def read_server(url: str) -> MailServer:
    """Read `smtp://…?starttls=1` or `smtps://…`; raises ConfigError when it cannot be used."""
    if not url:
        raise ConfigError((f"{_URL} is not set; mail needs it with {_FROM} and {_TO}",))
    parts = split_address(_URL, url, frozenset({"smtp", "smtps"}))
    starttls = _read_starttls(parts)
    tls = parts.scheme == "smtps"
    host = parts.hostname or ""
    if tls and starttls:
        raise ConfigError((f"{_URL} must not have starttls=1 with smtps://; keep one of them",))
    if not (tls or starttls or is_loopback(host)):
        problem = (
            f"{_URL} must end with ?starttls=1 or begin with smtps://; in clear to loopback only"
        )
        raise ConfigError((problem,))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ConfigError((f"{_URL} must have both user and password, or none",))
    standard = _TLS_PORT if tls else _SUBMISSION_PORT if starttls else _RELAY_PORT
    return MailServer(host, parts.port or standard, tls, starttls, user, password)


def _read_starttls(parts: SplitResult) -> bool:
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    value = query.pop("starttls", "")
    if query or value not in _STARTTLS or parts.path not in {"", "/"} or parts.fragment:
        raise ConfigError((f"{_URL} may have starttls=1 behind the host, and nothing else",))
    return _STARTTLS[value]


def _read_addresses(variable: str, value: str | None, problems: list[str]) -> tuple[Address, ...]:
    """Read addresses separated by commas; what is wrong is added to `problems`."""
    if not value:
        problems.append(f"{variable} is not set; mail needs it with {_URL}")
        return ()
    header = HeaderRegistry()("to", value)
    found: tuple[Address, ...] = header.addresses  # type: ignore[attr-defined]  # that of "to" has
    sound = all(it.username and "." in it.domain and it.addr_spec.isascii() for it in found)
    if header.defects or not found or not sound:
        problems.append(f"{variable} has what is no mail address; separate several by commas")
    return found

"""Parse the mail settings; a problem names its variable, and never the value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from email.headerregistry import Address, HeaderRegistry
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from gate.errors import ConfigError
from gate.loopback import is_loopback
from gate.notify.addresses import split_address

_URL: Final = "GATE_SMTP_URL"
_FROM: Final = "GATE_ALERT_EMAIL_FROM"
_TO: Final = "GATE_ALERT_EMAIL_TO"
_RELAY_PORT: Final = 25
_SUBMISSION_PORT: Final = 587
_TLS_PORT: Final = 465
_IPV4: Final = 4
_STARTTLS: Final = {"": False, "0": False, "1": True}
_NAME: Final = re.compile(
    r"(?=.{1,255}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.|\Z))+|\[[A-Za-z0-9:.]{1,60}\]"
)
"""A name, or an address in brackets, as EHLO takes it (RFC 5321, section 4.1.1.1)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server and how to speak to it; `user` and `password` are empty where it asks none.

    `ehlo` is what the gate calls itself there; None leaves it to this machine's name.
    """

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)
    ehlo: str | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mail server, the sender and the recipients."""

    server: MailServer
    sender: Address
    recipients: tuple[Address, ...]


def read_mailbox(
    url: str | None, sender: str | None, recipients: str | None, public_url: str = ""
) -> Mailbox:
    """Parse the three variables together; raises ConfigError with all their problems.

    The gate introduces itself with the host of `public_url`, unless `url` has another name.
    """
    problems: list[str] = []
    server: MailServer | None = None
    try:
        server = read_server(url or "")
    except ConfigError as error:
        problems += error.problems
    senders = _read_addresses(_FROM, sender, problems)
    if len(senders) > 1:
        problems.append(f"{_FROM} must be one mail address")
    found = _read_addresses(_TO, recipients, problems)
    if problems or server is None:
        raise ConfigError(tuple(problems))
    if server.ehlo is None:
        server = replace(server, ehlo=_name_of(public_url))
    return Mailbox(server, senders[0], found)


def _name_of(public_url: str) -> str | None:
    """Return the gate's host name or address literal; None for loopback."""
    host = urlsplit(public_url).hostname or ""
    if not host or is_loopback(host):
        return None
    try:
        version = ip_address(host).version
    except ValueError:
        return host if _NAME.fullmatch(host) else None
    return f"[{host}]" if version == _IPV4 else f"[IPv6:{host}]"


def read_server(url: str) -> MailServer:
    """Parse `smtp://…?starttls=1` or `smtps://…`; raises ConfigError when it cannot be used.

    Both accept `ehlo=NAME`.
    """
    if not url:
        raise ConfigError((f"{_URL} is not set; mail needs it with {_FROM} and {_TO}",))
    parts = split_address(_URL, url, frozenset({"smtp", "smtps"}))
    starttls, ehlo = _read_options(parts)
    tls = parts.scheme == "smtps"
    host = parts.hostname or ""
    if tls and starttls:
        raise ConfigError((f"{_URL} must not have starttls=1 with smtps://; use one of them",))
    if not (tls or starttls or is_loopback(host)):
        problem = (
            f"{_URL} must end with ?starttls=1 or begin with smtps://; only loopback needs neither"
        )
        raise ConfigError((problem,))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ConfigError((f"{_URL} must have both a user and a password, or neither",))
    standard = _TLS_PORT if tls else _SUBMISSION_PORT if starttls else _RELAY_PORT
    return MailServer(host, parts.port or standard, tls, starttls, user, password, ehlo)


def _read_options(parts: SplitResult) -> tuple[bool, str | None]:
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    value, ehlo = query.pop("starttls", ""), query.pop("ehlo", None)
    if query or value not in _STARTTLS or parts.path not in {"", "/"} or parts.fragment:
        problem = f"{_URL} may have only starttls=1 and ehlo=NAME after the host"
        raise ConfigError((problem,))
    if ehlo is not None and not _NAME.fullmatch(ehlo):
        raise ConfigError((f"{_URL} must have a host name after ehlo=",))
    return _STARTTLS[value], ehlo


def _read_addresses(variable: str, value: str | None, problems: list[str]) -> tuple[Address, ...]:
    """Parse addresses separated by commas; problems are added to `problems`."""
    if not value:
        problems.append(f"{variable} is not set; mail needs it with {_URL}")
        return ()
    header = HeaderRegistry()("to", value)
    found: tuple[Address, ...] = header.addresses  # type: ignore[attr-defined]  # that of "to" has
    sound = all(it.username and "." in it.domain and it.addr_spec.isascii() for it in found)
    if header.defects or not found or not sound:
        problems.append(f"{variable} contains an invalid mail address; separate several by commas")
    return found

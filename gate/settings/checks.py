"""Check the value of a single setting; what is wrong with it is the text of a ValueError.

Pydantic puts the variable's name before that text. None of them repeats the value, since it may be
a secret that was put under the wrong name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from gate.loopback import is_loopback
from gate.private_key import read_private_key

_SHORTEST_SECRET: Final = 16
_SHORTEST_KEY: Final = 32
# An App id is digits, a client id is like Iv23liAbC or, for older Apps, Iv1.0123456789abcdef.
_APP_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_READER_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_API_TOKEN: Final = re.compile(rf"({_READER_NAME}):([0-9A-Fa-f]{{64}})")


def check_app_id(value: str) -> str:
    """Take the id of an App: digits, or a client id."""
    if _APP_ID.fullmatch(value) is None:
        raise ValueError("is not an App id; copy it from the App's settings page on GitHub")
    return value


def check_private_key(value: SecretStr) -> SecretStr:
    """Take a PEM text, with real or escaped line ends, that holds an unencrypted RSA key."""
    pem = value.get_secret_value().replace("\\n", "\n").strip() + "\n"
    try:
        read_private_key(pem)
    except ValueError as error:
        raise ValueError(f"{error}; use the .pem file as downloaded from GitHub") from None
    return SecretStr(pem)


def split_secrets(value: object) -> object:
    """Split at commas; blanks around a secret are not part of it."""
    return value.split(",") if isinstance(value, str) else value


def check_secrets(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Take one secret or several, each long enough that nobody guesses it.

    A secret that holds a comma itself would be read as two, and GitHub's signatures would match
    neither: mostly one of the parts is short, and then it is refused here.
    """
    secrets = tuple(SecretStr(value.get_secret_value().strip()) for value in values)
    if not secrets or not all(secret.get_secret_value() for secret in secrets):
        raise ValueError("has an empty secret in its list; remove the extra comma")
    if any(len(secret.get_secret_value()) < _SHORTEST_SECRET for secret in secrets):
        raise ValueError(
            f"has a secret with fewer than {_SHORTEST_SECRET} characters; commas separate secrets,"
            " so a secret cannot contain one"
        )
    return secrets


def check_client_id(value: str) -> str:
    """Take the client id of an App."""
    if _APP_ID.fullmatch(value) is None:
        raise ValueError("is not a client ID; copy it from the App's settings page on GitHub")
    return value


def check_client_secret(value: SecretStr) -> SecretStr:
    """Take a client secret, long enough to be one."""
    if len(value.get_secret_value()) < _SHORTEST_SECRET:
        raise ValueError("is too short; copy the client secret that GitHub showed once")
    return value


def check_session_keys(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Take one key or several, newest first, each long enough to encrypt with."""
    keys = tuple(SecretStr(value.get_secret_value().strip()) for value in values)
    if any(len(key.get_secret_value()) < _SHORTEST_KEY for key in keys):
        raise ValueError(
            f"has a key with fewer than {_SHORTEST_KEY} characters; commas separate keys."
            " Make one with `openssl rand -base64 32`"
        )
    return keys


def _split_url(value: str) -> SplitResult:
    """Split a base URL and refuse what cannot be one, without quoting it."""
    try:
        url = urlsplit(value)
        sound = url.port != 0 and bool(url.hostname)
    except ValueError:
        raise ValueError("is not a URL; use one such as https://host/path") from None
    if not sound or url.scheme not in {"http", "https"}:
        raise ValueError("is not a URL; use one such as https://host/path")
    if url.query or url.fragment or "@" in url.netloc or re.search(r"\s", value):
        raise ValueError("must have a scheme, host and path only; remove the rest")
    return url


def check_api_url(value: str) -> str:
    """Take a base URL that is encrypted or on this machine; without a slash at its end."""
    url = _split_url(value)
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise ValueError("must start with https://; plain http is for loopback only")
    return value.rstrip("/")


def check_public_url(value: str) -> str:
    """Take a base URL, without a slash at its end, and with scheme and host in small letters."""
    _split_url(value)
    scheme, _, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}".rstrip("/")


def check_audience(value: str) -> str:
    """Take plain text without blanks."""
    if re.fullmatch(r"[!-~]{1,255}", value) is None:
        raise ValueError("must be plain text without spaces, at most 255 characters")
    return value


def check_database_url(value: SecretStr) -> SecretStr:
    """Take a file of SQLite or a database of PostgreSQL by psycopg 3, the drivers we ship."""
    text = value.get_secret_value()
    if text.startswith("sqlite:///"):
        if text.removeprefix("sqlite:///") in {"", ":memory:"}:
            raise ValueError(
                "must name a file, such as sqlite:///gate.db; memory is lost on restart"
            )
        return value
    if text.startswith("postgresql+psycopg://"):
        return value
    raise ValueError("must start with sqlite:/// or postgresql+psycopg://")


def check_file(value: Path) -> Path:
    """Take the path of a file that exists."""
    if not value.is_file():
        raise ValueError("is not an existing file; use the path of one")
    return value


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token that may read the API: who has it, and the SHA-256 of it in hexadecimal digits."""

    name: str
    digest: str


def is_token_name(name: str) -> bool:
    """Check whether a token of the API may have this name."""
    return re.fullmatch(_READER_NAME, name) is not None


def split_tokens(value: object) -> object:
    """Split `name:sha256` at commas; the tokens themselves are nowhere in the configuration."""
    if not isinstance(value, str):
        return value
    found = [_API_TOKEN.fullmatch(part.strip()) for part in value.split(",")]
    tokens = tuple(ApiToken(it[1], it[2].lower()) for it in found if it is not None)
    if len(tokens) < len(found):
        raise ValueError(
            "must be NAME:SHA256, several separated by commas; SHA256 is the hash of the token"
        )
    if len({token.name for token in tokens}) < len(tokens):
        raise ValueError("has a name twice; give each token its own name")
    return tokens


_HEADER: Final = re.compile(r"\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)=([ -~]*)")


@dataclass(frozen=True, slots=True)
class TracesHeader:
    """A header that traces are sent with; its value is mostly a secret."""

    name: str
    value: SecretStr


def split_headers(value: object) -> object:
    """Split `NAME=VALUE` at commas; `%2C` stands for a comma in a value."""
    if not isinstance(value, str):
        return value
    found = [_HEADER.fullmatch(part) for part in value.split(",")]
    headers = tuple(
        TracesHeader(it[1].lower(), SecretStr(unquote(it[2]).strip()))
        for it in found
        if it is not None
    )
    if len(headers) < len(found):
        raise ValueError("must be NAME=VALUE, several separated by commas")
    return headers


def check_traces_endpoint(value: str) -> str:
    """Take the URL that traces are posted to; without a path it gets that of OTLP."""
    url = _split_url(value)
    return value if url.path.strip("/") else f"{value.rstrip('/')}/v1/traces"

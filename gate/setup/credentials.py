"""Store the App's credentials in full or not at all.

GitHub shows the private key once. So a store is reserved, which finds out whether it can be
written, before the browser leaves for GitHub.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gate.errors import ConfigError
from gate.private_key import read_private_key

SETTINGS_FILE: Final = "gate.env"

_FOLDER_MODE: Final = 0o700
_RESERVED: Final = 16 * 1024
"""Bytes written beforehand to each file, so that a full disk shows while nothing is lost."""
# Without quotes, blanks, `#` and `$`, a value needs no escapes in any dialect of env files.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~+/=:@-]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What GitHub gives out once about an App that was registered; `repr` shows no secret."""

    app_id: int
    client_id: str
    client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    private_key: str = field(repr=False)

    @property
    def key_file(self) -> str:
        """Name the file of the key after its App: another App's key is never overwritten."""
        return f"private-key-{self.app_id}.pem"

    def __post_init__(self) -> None:
        """Raise ValueError, which never quotes a secret, for what a settings file cannot hold."""
        for name in ("client_id", "client_secret", "webhook_secret"):
            if not _PLAIN.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} is empty or has unexpected characters")
        try:
            read_private_key(self.private_key)
        except ValueError as error:
            raise ValueError(f"private_key {error}") from None


class Reservation:
    """Two temporary files in a folder of the owner's, ready to take credentials once."""

    def __init__(self, folder: Path, *, may_replace: bool) -> None:
        """Create the folder and both files.

        Raises ConfigError, and leaves no file behind, when the folder holds credentials that may
        not be replaced, is open to others, or cannot be written.
        """
        self._folder = folder
        self._may_replace = may_replace
        self._key: Path | None = None
        self._settings: Path | None = None
        try:
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            self._check_folder()
            self._key = _reserve(folder)
            self._settings = _reserve(folder)
        except OSError as error:
            self.discard()
            raise ConfigError((f"{error.filename or folder}: {error.strerror}",)) from None

    def store(self, credentials: Credentials, settings: dict[str, str]) -> Path:
        """Store credentials, a new session key and further settings; return the settings file.

        The key comes first, under a name of its own, and the settings file last: where that is,
        all is. `settings` maps names of variables to values, and holds no secret. Raises
        ConfigError when that failed; what was stored before is then as it was. A reservation is
        used up either way.
        """
        try:
            return self._store(credentials, settings)
        except OSError as error:
            problem = f"{error.filename2 or error.filename or self._folder}: {error.strerror}"
            raise ConfigError((problem,)) from None
        finally:
            self.discard()

    def _store(self, credentials: Credentials, settings: dict[str, str]) -> Path:
        if self._key is None or self._settings is None:
            raise ConfigError((f"{self._folder}: the reservation was used or discarded",))
        key = self._folder.resolve() / credentials.key_file
        lines = {
            "GATE_GITHUB_APP_ID": str(credentials.app_id),
            "GATE_GITHUB_PRIVATE_KEY_FILE": str(key),
            "GATE_GITHUB_WEBHOOK_SECRET": credentials.webhook_secret,
            "GATE_GITHUB_CLIENT_ID": credentials.client_id,
            "GATE_GITHUB_CLIENT_SECRET": credentials.client_secret,
            # Sign-in needs a key of the gate's own beside the client's secret.
            "GATE_SESSION_KEY": secrets.token_urlsafe(32),
        } | settings
        text = "".join(f"{name}={_quote(name, value)}\n" for name, value in lines.items())
        _write(self._key, credentials.private_key)
        _write(self._settings, text)
        target = self._folder / SETTINGS_FILE
        # A link, unlike a rename, refuses to replace a file that appeared meanwhile.
        key.hardlink_to(self._key)
        try:
            _sync(self._folder)
            if self._may_replace:
                self._settings.replace(target)
            else:
                target.hardlink_to(self._settings)
        except OSError:
            key.unlink(missing_ok=True)
            raise
        _sync(self._folder)
        return target

    def discard(self) -> None:
        """Remove the temporary files; those that became credentials stay."""
        for path in (self._key, self._settings):
            if path is not None:
                path.unlink(missing_ok=True)
        self._key = self._settings = None

    def _check_folder(self) -> None:
        status = self._folder.stat()
        if status.st_mode & 0o077:
            problem = f"{self._folder} is open to other users: run chmod 700 {self._folder}"
            raise ConfigError((problem,))
        target = self._folder / SETTINGS_FILE
        if os.path.lexists(target) and not self._may_replace:
            raise ConfigError((f"{target} exists: choose another folder, or add --force",))


def _reserve(folder: Path) -> Path:
    """Create a file that only its owner reads, as large as what it will hold."""
    number, path = tempfile.mkstemp(prefix=".reserved-", dir=folder)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(bytes(_RESERVED))
            stream.flush()
            os.fsync(number)
    except OSError:
        Path(path).unlink(missing_ok=True)
        raise
    return Path(path)


def _write(path: Path, content: str) -> None:
    with path.open("r+b") as stream:
        stream.write(content.encode())
        stream.truncate()
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _quote(name: str, value: str) -> str:
    """Write a value for an env file, which `docker --env-file` reads as well where it is plain."""
    if _PLAIN.fullmatch(value):
        return value
    if "'" in value or "\n" in value:
        raise ConfigError((f"{name}: {value!r} cannot be written to an env file",))
    return f"'{value}'"

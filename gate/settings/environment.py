"""Load the settings from the environment and the file `.env`, and refuse them as a whole.

Nothing else reads environment variables. Every problem is found before the service starts and all
are reported together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from pydantic_settings import DotEnvSettingsSource

from gate.errors import ConfigError
from gate.loopback import is_loopback
from gate.settings.checks import check_database_url
from gate.settings.fields import PREFIX, SETTINGS, Settings, describe, variable_of

_NEAR: Final = 0.8
_KEY: Final = variable_of("github_private_key")
_KEY_FILE: Final = variable_of("github_private_key_file")
_SIGN_IN: Final = ("github_client_id", "github_client_secret", "session_key")
_NAMES: Final = frozenset(setting.name for setting in SETTINGS)


def load_settings(
    environ: Mapping[str, str] | None = None, *, env_file: str | Path | None = ".env"
) -> Settings:
    """Read the settings from `environ` (the process's own by default) over those of `env_file`.

    A file that does not exist is no problem, and an empty variable counts as not set. The result's
    `unknown_variables` names what begins with GATE_ but is no setting of ours, so that a misspelled
    name can be shown. Raises ConfigError with every problem there is.
    """
    try:
        variables = _read_variables(os.environ if environ is None else environ, env_file)
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            (f"{env_file} is not readable as UTF-8 text; fix or remove it",)
        ) from None
    values: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in variables.items()
        if name in _NAMES
    }
    problems = _fold_key_file(values) | _check_sign_in(values) | _check_traces(values)
    try:
        settings = Settings(**values, unknown_variables=tuple(sorted(set(variables) - _NAMES)))
    except ValidationError as error:
        problems = _read_problems(error, from_file="github_private_key_file" in values) | problems
    else:
        if not problems:
            return settings
    raise ConfigError(
        tuple(problems[field] for field in Settings.model_fields if field in problems)
    )


def near_miss(name: str) -> str | None:
    """Return the setting whose name is most like an unknown one; None when none is."""
    return next(iter(get_close_matches(name, sorted(_NAMES), 1, _NEAR)), None)


def load_database_url(
    environ: Mapping[str, str] | None = None, *, env_file: str | Path | None = ".env"
) -> str:
    """Read where the database is, and nothing else: for those who check it and have no key of ours.

    Raises ConfigError when it is no address of a database.
    """
    variables = _read_variables(os.environ if environ is None else environ, env_file)
    default: SecretStr = Settings.model_fields["database_url"].default
    url = variables.get("GATE_DATABASE_URL", default.get_secret_value())
    try:
        return check_database_url(SecretStr(url.strip())).get_secret_value()
    except ValueError as error:
        raise ConfigError((f"GATE_DATABASE_URL {error}",)) from None


def _read_variables(environ: Mapping[str, str], env_file: str | Path | None) -> dict[str, str]:
    """Merge what begins with GATE_ and is not empty; the environment wins over the file."""
    file = DotEnvSettingsSource(Settings, env_file=env_file, case_sensitive=True).env_vars
    return {
        name: value
        for name, value in {**file, **environ}.items()
        if name.startswith(PREFIX) and value
    }


def _fold_key_file(values: dict[str, Any]) -> dict[str, str]:
    """Put the text of the key's file where the key belongs; return the problem of a field."""
    path = values.get("github_private_key_file")
    if "github_private_key" in values:
        if path is None:
            return {}
        return {"github_private_key": f"{_KEY} and {_KEY_FILE} are both set; keep one of them"}
    if path is None:
        return {"github_private_key": f"{_KEY} is not set; set it, or set {_KEY_FILE} to its path"}
    try:
        values["github_private_key"] = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        return {"github_private_key": f"{_KEY_FILE} cannot be read ({why}); use a readable file"}
    return {}


def _check_sign_in(values: Mapping[str, Any]) -> dict[str, str]:
    """Require all settings of the sign-in or none, and an address that cookies are safe at."""
    given = [field for field in _SIGN_IN if field in values]
    if not given:
        return {}
    because = f"is not set, but {variable_of(given[0])} is: sign-in needs both"
    problems = {
        field: f"{variable_of(field)} {because}" for field in _SIGN_IN if field not in values
    }
    public_url = values.get("public_url", Settings.model_fields["public_url"].default)
    if not _keeps_secrets(public_url.strip()):
        name = variable_of("public_url")
        problems["public_url"] = (
            f"{name} must start with https:// for sign-in; plain http is for loopback only"
        )
    return problems


def _check_traces(values: Mapping[str, Any]) -> dict[str, str]:
    """Require an address that the headers of traces, which are mostly secrets, may be sent to."""
    endpoint = values.get("traces_endpoint", "").strip()
    if "traces_headers" not in values or _keeps_secrets(endpoint):
        return {}
    name, headers = variable_of("traces_endpoint"), variable_of("traces_headers")
    return {
        "traces_endpoint": f"{name} must start with https:// when {headers} is set;"
        " plain http is for loopback only"
    }


def _keeps_secrets(address: str) -> bool:
    """Return whether nobody on the way can read along; True for what is no URL at all."""
    try:
        url = urlsplit(address)
        return url.scheme != "http" or is_loopback(url.hostname or "")
    except ValueError:
        return True


def _read_problems(error: ValidationError, *, from_file: bool) -> dict[str, str]:
    """Describe per field what is wrong; pydantic's messages do not repeat the value."""
    problems = {}
    for found in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(found["loc"][0])
        name = _KEY_FILE if field == "github_private_key" and from_file else variable_of(field)
        if found["type"] == "missing":
            problems[field] = f"{name} is not set: {describe(field).meaning}"
        elif found["type"] == "value_error":
            problems[field] = f"{name} {found['msg'].removeprefix('Value error, ')}"
        else:
            problems[field] = f"{name} is wrong: {found['msg'].removeprefix('Input ')}"
    return problems

"""Read the service's configuration from the environment, once, and refuse it as a whole.

Nothing else reads environment variables. Every problem is found before the service starts and all
are reported together; none of the messages repeats a value, since a value may be a secret that was
put under the wrong name. What concerns one alert channel only is checked by `gate.notify`, where it
stops nothing else. docs/reference/settings.md is generated from `SETTINGS`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gate.errors import ConfigError
from gate.loopback import is_loopback

_PREFIX: Final = "GATE_"
_LONGEST_SWEEP: Final = 3600
_SHORTEST_SECRET: Final = 16
_NEAR: Final = 0.8
# An App id is digits, a client id is like Iv23liAbC or, for older Apps, Iv1.0123456789abcdef.
_APP_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_READER_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_API_TOKEN: Final = re.compile(rf"({_READER_NAME}):([0-9A-Fa-f]{{64}})")


def _check_app_id(value: str) -> str:
    if _APP_ID.fullmatch(value) is None:
        raise ValueError("is not an App id; copy it from the App's settings page on GitHub")
    return value


def _check_private_key(value: SecretStr) -> SecretStr:
    """Take a PEM text, with real or escaped line ends, that holds an unencrypted RSA key."""
    pem = value.get_secret_value().replace("\\n", "\n").strip() + "\n"
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise ValueError("is encrypted; use the .pem file as downloaded from GitHub") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(
            "is not a private key; use the .pem file as downloaded from GitHub"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("is not an RSA key; use the .pem file as downloaded from GitHub")  # noqa: TRY004  # pydantic collects ValueError only
    return SecretStr(pem)


def _split_secrets(value: object) -> object:
    """Split at commas; blanks around a secret are not part of it."""
    return value.split(",") if isinstance(value, str) else value


def _check_secrets(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
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


def _check_api_url(value: str) -> str:
    url = _split_url(value)
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise ValueError("must start with https://; plain http is for loopback only")
    return value.rstrip("/")


def _check_public_url(value: str) -> str:
    _split_url(value)
    return value.rstrip("/")


def _check_audience(value: str) -> str:
    if re.fullmatch(r"[!-~]{1,255}", value) is None:
        raise ValueError("must be plain text without spaces, at most 255 characters")
    return value


def _check_database_url(value: SecretStr) -> SecretStr:
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


def _check_file(value: Path) -> Path:
    if not value.is_file():
        raise ValueError("is not an existing file; use the path of one")
    return value


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token that may read the API: who has it, and the SHA-256 of it in hexadecimal digits."""

    name: str
    digest: str


def is_token_name(name: str) -> bool:
    """Say whether a token of the API may be called so."""
    return re.fullmatch(_READER_NAME, name) is not None


def _read_tokens(value: object) -> object:
    """Split `name:sha256` at commas; the tokens themselves are nowhere in the configuration."""
    if not isinstance(value, str):
        return value
    found = [_API_TOKEN.fullmatch(part.strip()) for part in value.split(",")]
    tokens = tuple(ApiToken(it[1], it[2].lower()) for it in found if it is not None)
    if len(tokens) < len(found):
        raise ValueError(
            "must be NAME:SHA256, several separated by commas; `gate token create NAME` prints one"
        )
    if len({token.name for token in tokens}) < len(tokens):
        raise ValueError("has a name twice; give each token its own name")
    return tokens


class Settings(BaseSettings):
    """How this process is to run. Frozen; `repr` shows stars for secrets.

    Built by `load_settings`. Building one directly reads nothing from the environment.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    github_app_id: Annotated[str, AfterValidator(_check_app_id)] = Field(
        description="App ID or client ID of the GitHub App"
    )
    github_private_key: Annotated[SecretStr, AfterValidator(_check_private_key)] = Field(
        description="private key of the App as PEM text; line ends may be written as `\\n`"
    )
    github_private_key_file: Path | None = Field(
        default=None, description="path of the private key file, instead of its text"
    )
    github_webhook_secret: Annotated[
        tuple[SecretStr, ...],
        NoDecode,
        BeforeValidator(_split_secrets),
        AfterValidator(_check_secrets),
    ] = Field(description="webhook secret; during a rotation several, separated by commas")
    github_api_url: Annotated[str, AfterValidator(_check_api_url)] = Field(
        default="https://api.github.com",
        description="API root; for Enterprise Server `https://HOST/api/v3`; plain `http` only for"
        " loopback",
    )
    github_oidc_issuer: Annotated[str, AfterValidator(_check_api_url)] = Field(
        default="https://token.actions.githubusercontent.com",
        description="issuer of the tokens with which workflow runs report; an enterprise's issuer,"
        " which appends its name to the address, is accepted too; Enterprise Server has"
        " `https://HOST/_services/token`",
    )
    oidc_audience: Annotated[str, AfterValidator(_check_audience)] | None = Field(
        default=None,
        description="audience of those tokens; the default is the value of `GATE_PUBLIC_URL`",
    )
    public_url: Annotated[str, AfterValidator(_check_public_url)] = Field(
        default="http://127.0.0.1:8080",
        description="public base URL, used in every link that the gate writes",
    )
    api_tokens: Annotated[tuple[ApiToken, ...], NoDecode, BeforeValidator(_read_tokens)] = Field(
        default=(),
        description="tokens that may read `/api/v1`: `NAME:SHA256`, as `gate token create NAME`"
        " prints, separated by commas; without any, only callers on this machine may read, and only"
        " while `GATE_PUBLIC_URL` is loopback",
    )
    database_url: Annotated[SecretStr, AfterValidator(_check_database_url)] = Field(
        default=SecretStr("sqlite:///gate.db"),
        description="`sqlite:///FILE` or `postgresql+psycopg://USER:PASSWORD@HOST/NAME`",
    )
    policy_file: Annotated[Path, AfterValidator(_check_file)] | None = Field(
        default=None,
        description="policy file for repositories without one; the default is a built-in policy"
        " that gates `production-frontend` by `production-validation.yml`",
    )
    organization_policy: Literal["optional", "required"] = Field(
        default="optional",
        description="`required` holds every deployment of an owner whose `.github` repository shows"
        " no policy, even if the gate never saw one there",
    )
    # Channels are checked where they are made, by `gate.notify`: a wrong one must not stop a gate.
    slack_webhook_url: SecretStr | None = Field(
        default=None, description="URL of the Slack incoming webhook for alerts"
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="mail server for alerts: `smtp://USER:PASSWORD@HOST:587?starttls=1` or"
        " `smtps://USER:PASSWORD@HOST`; unencrypted only to loopback. `ehlo=NAME` in the query"
        " sets the name for the greeting (default: the host of `GATE_PUBLIC_URL`)",
    )
    alert_email_from: str | None = Field(
        default=None, description="sender of email alerts, such as `Gate <gate@example.com>`"
    )
    alert_email_to: str | None = Field(
        default=None, description="recipients of email alerts, separated by commas"
    )
    alert_webhook_url: SecretStr | None = Field(
        default=None,
        description="URL to which alerts are posted as JSON; plain `http` only for loopback",
    )
    alert_webhook_secret: SecretStr | None = Field(
        default=None,
        description="secret that signs the JSON; required with `GATE_ALERT_WEBHOOK_URL`",
    )
    notify_urls: SecretStr | None = Field(
        default=None, description="other channels: Apprise URLs, separated by blanks"
    )
    sweep_seconds: int = Field(
        default=60, ge=1, le=_LONGEST_SWEEP, description="seconds between two sweeps, 1 to 3600"
    )
    log_format: Literal["json", "console"] | None = Field(
        default=None,
        description="`json` or `console`; the default is `console` on a terminal, otherwise `json`",
    )
    # No description: it is a finding about the environment, not a variable of it.
    unknown_variables: Annotated[tuple[str, ...], NoDecode] = ()

    @property
    def report_audience(self) -> str:
        """Return the audience that tokens of workflow runs must have."""
        return self.oidc_audience or self.public_url

    @classmethod
    def settings_customise_sources(  # noqa: D102  # pydantic-settings' own hook
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the hook's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable as the reference page lists it; `default` is None where one must be given."""

    name: str
    default: str | None
    meaning: str


def _describe(field: str) -> Setting:
    info = Settings.model_fields[field]
    default = info.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    required = info.is_required()
    return Setting(
        name=_variable(field),
        default=None if required else "" if default in {None, ()} else str(default),
        meaning=info.description or "",
    )


def _variable(field: str) -> str:
    return _PREFIX + field.upper()


SETTINGS: Final = tuple(
    _describe(field) for field, info in Settings.model_fields.items() if info.description
)
"""Every variable this release reads, in the order of the reference page."""

_KEY: Final = _variable("github_private_key")
_KEY_FILE: Final = _variable("github_private_key_file")
_NAMES: Final = frozenset(setting.name for setting in SETTINGS)


def load_settings(
    environ: Mapping[str, str] | None = None, *, env_file: str | Path | None = ".env"
) -> Settings:
    """Read the settings from `environ` (the process's own by default) over those of `env_file`.

    A file that does not exist is no problem, and an empty variable counts as not set. The result's
    `unknown_variables` names what begins with GATE_ but is no setting of ours, so that a misspelt
    name can be shown. Raises ConfigError with every problem there is.
    """
    try:
        variables = _read_variables(os.environ if environ is None else environ, env_file)
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            (f"{env_file} is not readable as UTF-8 text; fix or remove it",)
        ) from None
    values: dict[str, Any] = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in variables.items()
        if name in _NAMES
    }
    problems = _fold_key_file(values)
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
    """Give the setting whose name is most like an unknown one; None when none is."""
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
        return _check_database_url(SecretStr(url.strip())).get_secret_value()
    except ValueError as error:
        raise ConfigError((f"GATE_DATABASE_URL {error}",)) from None


def _read_variables(environ: Mapping[str, str], env_file: str | Path | None) -> dict[str, str]:
    """Merge what begins with GATE_ and is not empty; the environment wins over the file."""
    file = DotEnvSettingsSource(Settings, env_file=env_file, case_sensitive=True).env_vars
    return {
        name: value
        for name, value in {**file, **environ}.items()
        if name.startswith(_PREFIX) and value
    }


def _fold_key_file(values: dict[str, Any]) -> dict[str, str]:
    """Put the text of the key's file where the key belongs; give the problem, by field, if any."""
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


def _read_problems(error: ValidationError, *, from_file: bool) -> dict[str, str]:
    """Say per field what is wrong; pydantic's messages do not repeat the value."""
    problems = {}
    for found in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(found["loc"][0])
        name = _KEY_FILE if field == "github_private_key" and from_file else _variable(field)
        if found["type"] == "missing":
            problems[field] = f"{name} is not set: {_describe(field).meaning}"
        elif found["type"] == "value_error":
            problems[field] = f"{name} {found['msg'].removeprefix('Value error, ')}"
        else:
            problems[field] = f"{name} is wrong: {found['msg'].removeprefix('Input ')}"
    return problems

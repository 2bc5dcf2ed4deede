"""List every setting, with its default and its meaning.

docs/reference/settings.md is generated from `SETTINGS`. What concerns one alert channel only is
checked by `gate.notify`, where it stops nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gate.settings.checks import (
    ApiToken,
    TracesHeader,
    check_api_url,
    check_app_id,
    check_audience,
    check_client_id,
    check_client_secret,
    check_database_url,
    check_file,
    check_private_key,
    check_public_url,
    check_secrets,
    check_session_keys,
    check_traces_endpoint,
    split_headers,
    split_secrets,
    split_tokens,
)

PREFIX: Final = "GATE_"
"""How the name of every variable begins."""

_LONGEST_SWEEP: Final = 3600
_LONGEST_GRACE: Final = 600
_DRAIN: Final = timedelta(seconds=5)
"""Longer than load balancers and Kubernetes take to send no more to a node that is not ready."""
_FEWEST_POINTS: Final = 60
_MOST_POINTS: Final = 1_000_000


class Settings(BaseSettings):
    """How this process is to run. Frozen; `repr` shows stars for secrets.

    Built by `load_settings`. Building one directly reads nothing from the environment.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    github_app_id: Annotated[str, AfterValidator(check_app_id)] = Field(
        description="App ID or client ID of the GitHub App"
    )
    github_private_key: Annotated[SecretStr, AfterValidator(check_private_key)] = Field(
        description="private key of the App as PEM text; line ends may be written as `\\n`"
    )
    github_private_key_file: Path | None = Field(
        default=None, description="path of the private key file, instead of its text"
    )
    github_webhook_secret: Annotated[
        tuple[SecretStr, ...],
        NoDecode,
        BeforeValidator(split_secrets),
        AfterValidator(check_secrets),
    ] = Field(description="webhook secret; during a rotation, list several, separated by commas")
    github_api_url: Annotated[str, AfterValidator(check_api_url)] = Field(
        default="https://api.github.com",
        description="API root; for Enterprise Server `https://HOST/api/v3`; plain `http` only for"
        " loopback",
    )
    github_points_per_minute: int = Field(
        default=900,
        ge=_FEWEST_POINTS,
        le=_MOST_POINTS,
        description="calls to GitHub a minute for each installation, of all nodes together, in"
        " GitHub's points: reads take 1, writes 5. Content (issues and comments) is limited to 80 a"
        " minute and 500 an hour, or more or less in the same proportion. Raise it only for an"
        " Enterprise Server whose limits are higher or off",
    )
    github_oidc_issuer: Annotated[str, AfterValidator(check_api_url)] = Field(
        default="https://token.actions.githubusercontent.com",
        description="issuer of the tokens with which workflow runs report; an enterprise's issuer,"
        " which appends its name to the address, is accepted too; Enterprise Server has"
        " `https://HOST/_services/token`",
    )
    oidc_audience: Annotated[str, AfterValidator(check_audience)] | None = Field(
        default=None,
        description="audience of those tokens; the default is the value of `GATE_PUBLIC_URL`",
    )
    public_url: Annotated[str, AfterValidator(check_public_url)] = Field(
        default="http://127.0.0.1:8080",
        description="public base URL, used in every link that the gate writes",
    )
    api_tokens: Annotated[tuple[ApiToken, ...], NoDecode, BeforeValidator(split_tokens)] = Field(
        default=(),
        description="tokens that may read all of `/api/v1`, besides those of `gate token create`:"
        " `NAME:SHA256`, separated by commas; for deployments whose secrets are configuration",
    )
    github_client_id: Annotated[str, AfterValidator(check_client_id)] | None = Field(
        default=None,
        description="client ID of the GitHub App, for signing in with GitHub; sign-in needs this"
        " setting and the next two, and an `https` or loopback `GATE_PUBLIC_URL`",
    )
    github_client_secret: Annotated[SecretStr, AfterValidator(check_client_secret)] | None = Field(
        default=None, description="client secret of the GitHub App, for signing in with GitHub"
    )
    session_key: Annotated[
        tuple[SecretStr, ...],
        NoDecode,
        BeforeValidator(split_secrets),
        AfterValidator(check_session_keys),
    ] = Field(
        default=(),
        description="key that encrypts the GitHub tokens of people who are signed in, at least 32"
        " characters, such as from `openssl rand -base64 32`; during a rotation, list several,"
        " the newest first, separated by commas",
    )
    database_url: Annotated[SecretStr, AfterValidator(check_database_url)] = Field(
        default=SecretStr("sqlite:///gate.db"),
        description="`sqlite:///FILE` or `postgresql+psycopg://USER:PASSWORD@HOST/NAME`",
    )
    policy_file: Annotated[Path, AfterValidator(check_file)] | None = Field(
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
        default=None, description="other channels: Apprise URLs, separated by spaces"
    )
    sweep_seconds: int = Field(
        default=60, ge=1, le=_LONGEST_SWEEP, description="seconds between two sweeps, 1 to 3600"
    )
    grace_seconds: int = Field(
        default=25,
        ge=0,
        le=_LONGEST_GRACE,
        description="seconds that work in progress may take after SIGTERM, 0 to 600; then the"
        " process releases what it holds and ends. The platform must wait at least 15 seconds"
        " longer than the longer of this and `GATE_DRAIN_SECONDS` before it kills the process;"
        " Kubernetes' default of 30 seconds is too short",
    )
    drain_seconds: int | None = Field(
        default=None,
        ge=0,
        le=_LONGEST_GRACE,
        description="seconds for which `gate serve` still takes requests after SIGTERM, while"
        " `/readyz` answers 503, so that load balancers notice; 0 to 600. The default is 5 on"
        " PostgreSQL and 0 on SQLite",
    )
    log_format: Literal["json", "console"] | None = Field(
        default=None,
        description="`json` or `console`; the default is `console` on a terminal, otherwise `json`",
    )
    traces_endpoint: Annotated[str, AfterValidator(check_traces_endpoint)] | None = Field(
        default=None,
        description="URL that OpenTelemetry traces are posted to, by OTLP over HTTP; one without a"
        " path gets `/v1/traces`. Without this setting there are no traces",
    )
    traces_headers: Annotated[
        tuple[TracesHeader, ...], NoDecode, BeforeValidator(split_headers)
    ] = Field(
        default=(),
        description="headers that traces are posted with: `NAME=VALUE`, separated by commas, `%2C`"
        " for a comma in a value; they need an `https` or loopback `GATE_TRACES_ENDPOINT`",
    )
    traces_share: float = Field(
        default=1.0, gt=0, le=1, description="share of all traces that is recorded, above 0 up to 1"
    )
    # No description: it is a finding about the environment, not a variable of it.
    unknown_variables: Annotated[tuple[str, ...], NoDecode] = ()

    @property
    def report_audience(self) -> str:
        """Return the audience that tokens of workflow runs must have."""
        return self.oidc_audience or self.public_url

    @property
    def drain(self) -> timedelta:
        """Return how long requests are still taken after SIGTERM."""
        if self.drain_seconds is not None:
            return timedelta(seconds=self.drain_seconds)
        is_alone = self.database_url.get_secret_value().startswith("sqlite")
        return timedelta(0) if is_alone else _DRAIN

    @property
    def has_sign_in(self) -> bool:
        """Return whether people can sign in with GitHub."""
        return bool(self.github_client_id and self.github_client_secret and self.session_key)

    @classmethod
    def settings_customize_sources(  # noqa: D102  # pydantic-settings' own hook
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


def describe(field: str) -> Setting:
    """Describe a field of `Settings`."""
    info = Settings.model_fields[field]
    default = info.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    required = info.is_required()
    return Setting(
        name=variable_of(field),
        default=None if required else "" if default in {None, ()} else str(default),
        meaning=info.description or "",
    )


def variable_of(field: str) -> str:
    """Return the name of the variable that a field is read from."""
    return PREFIX + field.upper()


SETTINGS: Final = tuple(
    describe(field) for field, info in Settings.model_fields.items() if info.description
)
"""Every variable this release reads, in the order of the reference page."""

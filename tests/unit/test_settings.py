"""The settings of the service: defaults, wrong values and secrets."""

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
)
from pydantic import ValidationError

from gate.errors import ConfigError
from gate.settings import load_settings
from tests.unit.setting_values import EC_KEY, ENVIRON, load, pem, problems


def test_three_variables_are_enough() -> None:
    """Everything but the App's identity and its secrets has a default."""
    settings = load()

    assert settings.github_app_id == "12345"
    assert settings.github_private_key.get_secret_value() == pem()
    assert [secret.get_secret_value() for secret in settings.github_webhook_secret] == [
        "hush-hush-hush-hush"
    ]
    assert settings.github_api_url == "https://api.github.com"
    assert settings.github_oidc_issuer == "https://token.actions.githubusercontent.com"
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.report_audience == settings.public_url
    assert settings.database_url.get_secret_value() == "sqlite:///gate.db"
    assert settings.policy_file is None
    assert settings.sweep_seconds == 60
    assert settings.log_format is None
    assert settings.unknown_variables == ()


def test_every_problem_is_reported_at_once() -> None:
    """Whoever starts the service corrects all of it in one go."""
    with pytest.raises(ConfigError) as caught:
        load_settings(
            {
                "GATE_GITHUB_API_URL": "ftp://ghe",
                "GATE_GITHUB_OIDC_ISSUER": "token.actions.githubusercontent.com",
                "GATE_OIDC_AUDIENCE": "two words",
                "GATE_PUBLIC_URL": "gate.example.com",
                "GATE_DATABASE_URL": "mysql://root@db/gate",
                "GATE_POLICY_FILE": "no/such/file.yml",
                "GATE_SWEEP_SECONDS": "soon",
                "GATE_LOG_FORMAT": "xml",
            },
            env_file=None,
        )

    assert [problem.split()[0] for problem in caught.value.problems] == [
        "GATE_GITHUB_APP_ID",
        "GATE_GITHUB_PRIVATE_KEY",
        "GATE_GITHUB_WEBHOOK_SECRET",
        "GATE_GITHUB_API_URL",
        "GATE_GITHUB_OIDC_ISSUER",
        "GATE_OIDC_AUDIENCE",
        "GATE_PUBLIC_URL",
        "GATE_DATABASE_URL",
        "GATE_POLICY_FILE",
        "GATE_SWEEP_SECONDS",
        "GATE_LOG_FORMAT",
    ]


@pytest.mark.parametrize("name", sorted(ENVIRON))
@pytest.mark.parametrize("spelling", ["absent", "empty"])
def test_what_has_no_default_must_be_given(name: str, spelling: str) -> None:
    """An empty variable is one that is not set."""
    (problem,) = problems({name: ""} if spelling == "empty" else {}, without=name)

    assert problem.startswith(f"{name} is not set")
    assert "the the" not in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATE_GITHUB_APP_ID", "my s3cret app"),
        ("GATE_GITHUB_PRIVATE_KEY", "s3cret"),
        ("GATE_GITHUB_PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----\\ns3cret\\n"),
        ("GATE_GITHUB_PRIVATE_KEY", pem(EC_KEY)),
        ("GATE_GITHUB_PRIVATE_KEY", pem(encryption=BestAvailableEncryption(b"s3cret"))),
        ("GATE_GITHUB_WEBHOOK_SECRET", "a long s3cret one,,another long one"),
        ("GATE_GITHUB_WEBHOOK_SECRET", "a long s3cret one, "),
        ("GATE_GITHUB_WEBHOOK_SECRET", "s3cret"),
        ("GATE_GITHUB_WEBHOOK_SECRET", "a long s3cret one,with a comma"),
        ("GATE_GITHUB_API_URL", "http://s3cret.example.com/api/v3"),
        ("GATE_GITHUB_API_URL", "https://s3cret@ghe.example.com/api/v3"),
        ("GATE_GITHUB_API_URL", "https://ghe.example.com/api/v3?token=s3cret"),
        ("GATE_GITHUB_API_URL", "https://[s3cret"),
        ("GATE_GITHUB_API_URL", "https://"),
        ("GATE_GITHUB_API_URL", "https://ghe.example.com:s3cret"),
        ("GATE_GITHUB_OIDC_ISSUER", "http://s3cret.example.com"),
        ("GATE_OIDC_AUDIENCE", "s3cret" * 50),
        ("GATE_PUBLIC_URL", "s3cret.example.com"),
        ("GATE_DATABASE_URL", "postgresql://gate:s3cret@db/gate"),
        ("GATE_DATABASE_URL", "sqlite://"),
        ("GATE_DATABASE_URL", "sqlite:///:memory:"),
        ("GATE_POLICY_FILE", "s3cret.yml"),
        ("GATE_SWEEP_SECONDS", "s3cret"),
        ("GATE_SWEEP_SECONDS", "0"),
        ("GATE_SWEEP_SECONDS", "3601"),
        ("GATE_LOG_FORMAT", "s3cret"),
    ],
)
def test_a_wrong_value_is_named_but_not_repeated(name: str, value: str) -> None:
    """A value may be a secret under the wrong name, so only its variable is told."""
    (problem,) = problems({name: value})

    assert problem.startswith(f"{name} ")
    assert "s3cret" not in problem


def test_the_key_may_have_escaped_line_ends() -> None:
    """Many a place for environment variables takes one line only."""
    settings = load({"GATE_GITHUB_PRIVATE_KEY": pem().replace("\n", "\\n")})

    assert settings.github_private_key.get_secret_value() == pem()


def test_secrets_rotate_as_a_list() -> None:
    """Old and new secret are both valid while GitHub is told the new one."""
    settings = load({"GATE_GITHUB_WEBHOOK_SECRET": "a new long secret, an old long secret"})

    assert [secret.get_secret_value() for secret in settings.github_webhook_secret] == [
        "a new long secret",
        "an old long secret",
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://ghe.example.com/api/v3/", "https://ghe.example.com/api/v3"),
        ("http://127.0.0.1:4100", "http://127.0.0.1:4100"),
        ("http://localhost:4100/", "http://localhost:4100"),
        ("http://[::1]:4100", "http://[::1]:4100"),
    ],
)
def test_an_api_url_is_kept_without_its_last_slash(given: str, kept: str) -> None:
    """Plain http is taken for loopback, where the simulated GitHub listens."""
    assert load({"GATE_GITHUB_API_URL": given}).github_api_url == kept


def test_an_enterprise_may_have_its_own_issuer_and_audience() -> None:
    """An issuer with the enterprise's name, and an audience that is no address."""
    issuer = "https://token.actions.githubusercontent.com/octo-corp"
    settings = load({"GATE_GITHUB_OIDC_ISSUER": f"{issuer}/", "GATE_OIDC_AUDIENCE": "the-gate"})
    assert (settings.github_oidc_issuer, settings.report_audience) == (issuer, "the-gate")


def test_secrets_show_as_stars() -> None:
    """Settings may be printed while somebody looks for a fault."""
    settings = load(
        {
            "GATE_GITHUB_WEBHOOK_SECRET": "a long s3cret one",
            "GATE_DATABASE_URL": "postgresql+psycopg://gate:s3cret@db/gate",
        }
    )

    shown = f"{settings!r} {settings} {settings.model_dump_json()}"

    assert "s3cret" not in shown
    assert "PRIVATE KEY" not in shown


def test_settings_are_frozen() -> None:
    """What was checked at the start holds until the end."""
    with pytest.raises(ValidationError):
        load().sweep_seconds = 1


def test_a_misspelled_variable_is_shown() -> None:
    """A typo would otherwise leave a default in force without a word."""
    settings = load({"GATE_SWEEP_SECOND": "5", "GATE_UNKNOWN_VARIABLES": "x", "PATH": "/bin"})

    assert settings.unknown_variables == ("GATE_SWEEP_SECOND", "GATE_UNKNOWN_VARIABLES")


@pytest.mark.parametrize(
    ("url", "given", "seconds"),
    [
        ("sqlite:///gate.db", {}, 0),
        ("postgresql+psycopg://gate@db/gate", {}, 5),
        ("sqlite:///gate.db", {"GATE_DRAIN_SECONDS": "7"}, 7),
        ("postgresql+psycopg://gate@db/gate", {"GATE_DRAIN_SECONDS": "0"}, 0),
    ],
)
def test_load_balancers_get_time_where_there_may_be_some(
    url: str, given: dict[str, str], seconds: int
) -> None:
    """One process on SQLite has none before it that could send elsewhere."""
    settings = load({"GATE_DATABASE_URL": url, **given})
    assert settings.drain.total_seconds() == seconds

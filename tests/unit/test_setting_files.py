"""Settings that are read from files, and the names of settings."""

from pathlib import Path

import pytest

from gate.errors import ConfigError
from gate.settings import SETTINGS, load_settings, near_miss
from tests.unit.setting_values import ENVIRON, load, pem, problems


def test_the_key_may_be_in_a_file(tmp_path: Path) -> None:
    """The file's text takes the place of the variable's."""
    path = tmp_path / "app.pem"
    path.write_text(pem())

    settings = load({"GATE_GITHUB_PRIVATE_KEY_FILE": str(path)}, without="GATE_GITHUB_PRIVATE_KEY")

    assert settings.github_private_key.get_secret_value() == pem()


@pytest.mark.parametrize("content", [None, b"s3cret", b"\xff\xfe", b""])
def test_a_file_without_a_key_is_named_by_its_variable(
    tmp_path: Path, content: bytes | None
) -> None:
    """It is the file's variable that has to be corrected, whatever is wrong with the file."""
    path = tmp_path / "app.pem"
    if content is not None:
        path.write_bytes(content)

    (problem,) = problems(
        {"GATE_GITHUB_PRIVATE_KEY_FILE": str(path)}, without="GATE_GITHUB_PRIVATE_KEY"
    )

    assert problem.startswith("GATE_GITHUB_PRIVATE_KEY_FILE ")
    assert "s3cret" not in problem


def test_two_keys_are_one_too_many(tmp_path: Path) -> None:
    """Nobody should have to guess which of the two is used."""
    path = tmp_path / "app.pem"
    path.write_text(pem())

    assert problems({"GATE_GITHUB_PRIVATE_KEY_FILE": str(path)}) == (
        "GATE_GITHUB_PRIVATE_KEY and GATE_GITHUB_PRIVATE_KEY_FILE are both set; keep one of them",
    )


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A file holds what is usual, the environment what is meant now."""
    path = tmp_path / ".env"
    path.write_text(
        'GATE_SWEEP_SECONDS=5\nGATE_PUBLIC_URL="https://gate.example.com/"\nGATE_TYPO=1\n'
    )

    settings = load_settings({**ENVIRON, "GATE_SWEEP_SECONDS": "7"}, env_file=path)

    assert settings.sweep_seconds == 7
    assert settings.public_url == "https://gate.example.com"
    assert settings.unknown_variables == ("GATE_TYPO",)


def test_a_file_is_read_when_present(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` in the working directory is found without being named, and so is the environment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("GATE_SWEEP_SECONDS=5\n")
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)

    assert load_settings().sweep_seconds == 5


def test_an_unreadable_file_is_a_problem(tmp_path: Path) -> None:
    """A file that is there was meant to be read."""
    path = tmp_path / ".env"
    path.write_bytes(b"GATE_PUBLIC_URL=\xff\xfe")

    with pytest.raises(ConfigError) as caught:
        load_settings(ENVIRON, env_file=path)

    assert caught.value.problems == (f"{path} is not readable as UTF-8 text; fix or remove it",)


def test_the_table_lists_what_is_read() -> None:
    """The reference page is generated from it."""
    table = {setting.name: setting for setting in SETTINGS}

    assert set(ENVIRON) == {name for name, setting in table.items() if setting.default is None}
    assert table["GATE_SWEEP_SECONDS"].default == "60"
    assert table["GATE_DATABASE_URL"].default == "sqlite:///gate.db"
    assert table["GATE_POLICY_FILE"].default == ""
    assert all(setting.meaning for setting in SETTINGS)
    assert len(SETTINGS) == 30


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GATE_SWEEP_SECOND", "GATE_SWEEP_SECONDS"),
        ("GATE_GITHUB_WEBHOOK_SECRETS", "GATE_GITHUB_WEBHOOK_SECRET"),
        ("GATE_COLOR", None),
    ],
)
def test_a_misspelled_name_is_told_the_one_that_was_meant(name: str, meant: str | None) -> None:
    """A name that is nearly a setting's names that setting."""
    assert near_miss(name) == meant

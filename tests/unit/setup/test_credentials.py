"""Credentials are stored in full or not at all, for their owner alone, and never over others."""

from pathlib import Path
from typing import Any

import pytest

from gate.errors import ConfigError
from gate.settings import load_settings
from gate.setup.credentials import SETTINGS_FILE, Credentials, Reservation
from tests.support.keys import make_key_pair

PRIVATE, _ = make_key_pair()
FURTHER = {"GATE_PUBLIC_URL": "https://gate.example.com"}


def credentials(app_id: int = 7, **changes: str) -> Credentials:
    """Credentials as GitHub gives them out."""
    values: dict[str, Any] = {
        "client_id": "Iv23liExample",
        "client_secret": "c" * 40,
        "webhook_secret": "w" * 40,
        "private_key": PRIVATE,
    }
    return Credentials(app_id, **(values | changes))


def names(folder: Path) -> set[str]:
    """List a folder."""
    return {it.name for it in folder.iterdir()}


def test_what_is_stored_configures_a_gate(tmp_path: Path) -> None:
    """The gate reads the file as it is; the folder and both files are the owner's alone."""
    folder = tmp_path / "new" / "gate"
    stored = Reservation(folder, may_replace=False).store(credentials(), FURTHER)
    settings = load_settings({}, env_file=stored)
    assert settings.github_app_id == "7"
    assert settings.github_client_id == "Iv23liExample"
    assert settings.github_private_key.get_secret_value().strip() == PRIVATE.strip()
    assert [it.get_secret_value() for it in settings.github_webhook_secret] == ["w" * 40]
    assert settings.public_url == "https://gate.example.com"
    assert names(folder) == {SETTINGS_FILE, "private-key-7.pem"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {it.stat().st_mode & 0o777 for it in folder.iterdir()} == {0o600}


def test_existing_credentials_are_refused_before_anything_is_registered(tmp_path: Path) -> None:
    """Reserving fails, names the file and the option, and changes nothing."""
    folder = tmp_path / "gate"
    stored = Reservation(folder, may_replace=False).store(credentials(), FURTHER)
    before = stored.read_text()
    with pytest.raises(ConfigError, match=r"gate\.env exists: .*--force"):
        Reservation(folder, may_replace=False)
    assert stored.read_text() == before
    assert names(folder) == {SETTINGS_FILE, "private-key-7.pem"}


def test_force_changes_over_and_keeps_the_former_key(tmp_path: Path) -> None:
    """The settings file names the new App's key; the former App could be returned to."""
    folder = tmp_path / "gate"
    Reservation(folder, may_replace=False).store(credentials(), FURTHER)
    stored = Reservation(folder, may_replace=True).store(credentials(8), FURTHER)
    assert load_settings({}, env_file=stored).github_app_id == "8"
    assert names(folder) == {SETTINGS_FILE, "private-key-7.pem", "private-key-8.pem"}


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """Another set-up was quicker: its file stays, and nothing of ours is left."""
    folder = tmp_path / "gate"
    reservation = Reservation(folder, may_replace=False)
    (folder / SETTINGS_FILE).write_text("theirs")
    with pytest.raises(ConfigError, match=r"gate\.env: File exists"):
        reservation.store(credentials(), FURTHER)
    assert (folder / SETTINGS_FILE).read_text() == "theirs"
    assert names(folder) == {SETTINGS_FILE}


@pytest.mark.parametrize("may_replace", [False, True])
def test_a_settings_file_that_cannot_be_placed_takes_the_key_along(
    tmp_path: Path,
    may_replace: bool,
) -> None:
    """A folder stands where the file belongs: nothing half-stored."""
    folder = tmp_path / "gate"
    reservation = Reservation(folder, may_replace=may_replace)
    (folder / SETTINGS_FILE).mkdir()
    with pytest.raises(ConfigError):
        reservation.store(credentials(), FURTHER)
    assert names(folder) == {SETTINGS_FILE}


def test_a_value_that_no_env_file_holds_stores_nothing(tmp_path: Path) -> None:
    """A line break would begin another variable."""
    folder = tmp_path / "gate"
    reservation = Reservation(folder, may_replace=False)
    with pytest.raises(ConfigError, match="GATE_PUBLIC_URL"):
        reservation.store(credentials(), {"GATE_PUBLIC_URL": "https://a\nGATE_API_TOKENS=x"})
    assert names(folder) == set()


def test_a_reservation_works_once(tmp_path: Path) -> None:
    """After storing, or discarding, there is nothing to store in."""
    reservation = Reservation(tmp_path / "gate", may_replace=True)
    reservation.store(credentials(), FURTHER)
    with pytest.raises(ConfigError, match="used or discarded"):
        reservation.store(credentials(8), FURTHER)


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    """The problem has the command that mends it."""
    folder = tmp_path / "gate"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    with pytest.raises(ConfigError, match="chmod 700"):
        Reservation(folder, may_replace=False)
    assert names(folder) == set()


def test_a_folder_that_cannot_be_made_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    """A file stands where the folder belongs."""
    (tmp_path / "gate").write_text("")
    with pytest.raises(ConfigError, match="gate: File exists"):
        Reservation(tmp_path / "gate", may_replace=True)


@pytest.mark.parametrize("name", ["client_id", "client_secret", "webhook_secret", "private_key"])
@pytest.mark.parametrize("value", ["", "s3cret\nGATE_API_TOKENS=x", "s3cret'$(id)"])
def test_an_answer_that_is_no_credentials_is_refused_without_its_text(
    name: str, value: str
) -> None:
    """GitHub may leave out the webhook secret; nothing secret gets into messages or logs."""
    changes: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=name) as caught:
        credentials(**changes)
    assert "s3cret" not in str(caught.value)
    assert PRIVATE not in repr(credentials())
    assert "c" * 40 not in repr(credentials())

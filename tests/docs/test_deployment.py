"""What people start the gate with names settings, commands and files that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from gate.cli import gate
from gate.settings import SETTINGS

ROOT = Path(__file__).parents[2]
SERVICE = "docs/examples/deployment-gate.service"
FILES = ["Dockerfile", "compose.yaml", "Procfile", SERVICE, "docs/how-to/run-in-containers.md"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: it for name, it in COMPOSE["services"].items() if "build" in it}


def instructions(name: str) -> list[str]:
    """List the arguments of each instruction of this name in the Dockerfile."""
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def command_lines() -> Iterator[str]:
    """List what each file starts, without the program's own name."""
    yield shlex.join(yaml.safe_load(instructions("CMD")[-1]))
    for service in OURS.values():
        yield shlex.join(service["command"])
    for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines():
        yield line.partition(": gate ")[2].replace("$PORT", "8080")
    (started,) = re.findall(
        r"^ExecStart=\S+/gate (.+)$", (ROOT / SERVICE).read_text(encoding="utf-8"), re.MULTILINE
    )
    yield started


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_a_setting_that_does_not_exist(name: str) -> None:
    """A misspelled variable would be ignored, and the gate would run with its default."""
    named = set(re.findall(r"\bGATE_[A-Z_]+", (ROOT / name).read_text(encoding="utf-8")))

    assert named <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("line", sorted(set(command_lines())))
def test_each_command_line_is_one_that_gate_takes(line: str) -> None:
    """The command exists, and so does each option that it is given."""
    name, *arguments = shlex.split(line)
    command = gate.get_command(click.Context(gate), name)

    assert command is not None
    command.make_parser(click.Context(command)).parse_args(arguments)


def test_the_image_copies_only_files_that_its_context_has() -> None:
    """The context is a list of what may come in, so that no secret does by accident."""
    copied = [
        source
        for line in instructions("COPY")
        if not line.startswith("--from=")
        for source in line.split()[:-1]
    ]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in ignored if line.startswith("!")]

    assert sorted(copied) == sorted(let_in)
    assert [it for it in let_in if not (ROOT / it).exists()] == []
    assert "*" in ignored


def test_the_image_takes_nothing_without_a_hash_and_runs_without_root() -> None:
    """Each installation is by hash or of the wheel just built; the user is a number."""
    runs = " ".join(instructions("RUN"))

    installs = [it.split("&&")[0] for it in re.split(r"\bpip ", runs)[1:] if "install" in it]
    assert len(installs) == 3
    assert [it for it in installs if "--require-hashes" not in it and "--no-index" not in it] == []
    assert instructions("USER") == ["10001:10001"]
    assert instructions("ENTRYPOINT") == ['["gate"]']


@pytest.mark.parametrize("name", OURS)
def test_each_container_of_the_gate_can_do_no_more_than_it_must(name: str) -> None:
    """Its file system is read-only, and it has neither capabilities nor a way to get them."""
    service = OURS[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_secrets_come_from_files_that_the_repository_ignores() -> None:
    """Each is declared, used and described, and none is in the environment of a container."""
    page = (ROOT / "docs/how-to/run-in-containers.md").read_text(encoding="utf-8")
    files = {it["file"] for it in COMPOSE["secrets"].values()}
    used = {
        it if isinstance(it, str) else it["source"]
        for service in COMPOSE["services"].values()
        for it in service.get("secrets", ())
    }

    assert used == set(COMPOSE["secrets"])
    assert all(it.startswith("secrets/") and it in page for it in files)
    assert "/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert OURS["migrate"]["secrets"] == ["pgpass"]


def test_what_compose_mounts_is_in_the_repository() -> None:
    """Docker would make an empty folder of a file that is missing."""
    mounted = [
        volume.split(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith("./")
    ]

    assert len(mounted) == 5
    assert [it for it in mounted if not (ROOT / it).is_file()] == []


def test_prometheus_scrapes_the_port_that_the_web_process_listens_on() -> None:
    """The target is the service's name in compose.yaml, with the port of its command."""
    config = yaml.safe_load(
        (ROOT / "docs/examples/compose/prometheus.yml").read_text(encoding="utf-8")
    )

    (target,) = config["scrape_configs"][0]["static_configs"][0]["targets"]
    name, port = target.split(":")
    assert port == OURS[name]["command"][-1]
    assert f"/etc/prometheus/{config['rule_files'][0]}" in str(COMPOSE["services"]["prometheus"])

"""Read the inputs of an action, which come as environment variables, and what the runner says."""

from __future__ import annotations

import os
import re

from reporting.commands import annotate
from reporting.exchange import check_address
from reporting.markdown import is_web_address
from reporting.payload import Job
from reporting.posting import Gate
from reporting.problem import InputProblem
from reporting.wording import cut, one_line

_SECONDS = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_MOST_SECONDS = 600
_ID_LIMIT = 200
_URL_LIMIT = 100
_SHOWN_LIMIT = 200
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def read_text(name: str) -> str:
    """Give an input as one line of text; "" where it was not given."""
    return one_line(_raw(name))


def check_given(name: str) -> None:
    """Raise InputProblem for an input that was left empty; GitHub itself does not refuse it."""
    if not read_text(name):
        raise InputProblem(f"{name} must be given")


def read_lines(name: str) -> str:
    """Give an input that may have several lines."""
    return _raw(name).strip()


def read_flag(name: str) -> bool:
    """Give an input that is true or false."""
    text = read_text(name).lower()
    if text not in _TRUE | _FALSE:
        raise InputProblem(f"{name} must be true or false")
    return text in _TRUE


def read_gate() -> Gate | None:
    """Give the gate, or None where no address is given, neither as an input nor for the job.

    Raises InputProblem for one that a token must not be sent to.
    """
    url = (read_text("gate-url") or one_line(os.environ.get("DEPLOYMENT_GATE_URL", ""))).rstrip("/")
    if not url:
        return None
    check_address(url, "gate-url")
    if "?" in url or "#" in url:
        raise InputProblem("gate-url must end with the path")
    seconds = read_text("timeout-seconds")
    if not _SECONDS.fullmatch(seconds) or int(seconds) > _MOST_SECONDS:
        raise InputProblem(f"timeout-seconds must be a whole number from 1 to {_MOST_SECONDS}")
    return Gate(url, read_text("audience") or url, float(seconds))


def read_job() -> Job:
    """Give the job: its address from the input, else of the run that this is."""
    deployment = cut(read_text("terraform-deployment-id"), _ID_LIMIT)
    return Job(
        url=read_text("job-url") or _run_url(),
        terraform_deployment_id=deployment or None,
        artifact_urls=_read_artifacts(),
    )


def _read_artifacts() -> tuple[str, ...]:
    """Give the addresses that the gate takes; the others are left out with a warning."""
    urls = _raw("artifact-urls").split()
    kept = tuple(dict.fromkeys(url for url in urls if _is_artifact(url)))[:_URL_LIMIT]
    left_out = [url for url in urls if url not in kept]
    if left_out:
        shown = cut(one_line(left_out[0]), _SHOWN_LIMIT)
        annotate("warning", f"artifact-urls: {len(left_out)} left out, the first: {shown}")
    return kept


def _is_artifact(url: str) -> bool:
    """Say whether the gate takes an address: https, or http of this machine."""
    try:
        check_address(url, "artifact-urls")
    except InputProblem:
        return False
    return is_web_address(url)


def _run_url() -> str:
    server, repository, run = (
        os.environ.get(name, "")
        for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}"


def _raw(name: str) -> str:
    return os.environ.get(f"INPUT_{name.upper().replace('-', '_')}", "")

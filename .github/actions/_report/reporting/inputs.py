"""Read the inputs of an action and the runner's own variables from the environment."""

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
    """Return an input as one line of text; "" when it is not set."""
    return one_line(_raw(name))


def check_given(name: str) -> None:
    """Raise InputProblem for an empty input, which GitHub itself does not refuse."""
    if not read_text(name):
        raise InputProblem(f"{name} is required")


def read_lines(name: str) -> str:
    """Return an input that may have several lines."""
    return _raw(name).strip()


def read_flag(name: str) -> bool:
    """Return an input that is true or false."""
    text = read_text(name).lower()
    if text not in _TRUE | _FALSE:
        raise InputProblem(f"{name} must be true or false")
    return text in _TRUE


def read_gate() -> Gate | None:
    """Return the gate; None when neither the input nor the job's variable names a URL.

    Raises InputProblem for a URL that a token must not be sent to.
    """
    url = (read_text("gate-url") or one_line(os.environ.get("DEPLOYMENT_GATE_URL", ""))).rstrip("/")
    if not url:
        return None
    check_address(url, "gate-url")
    if "?" in url or "#" in url:
        raise InputProblem("gate-url must not contain a query or a fragment")
    seconds = read_text("timeout-seconds")
    if not _SECONDS.fullmatch(seconds) or int(seconds) > _MOST_SECONDS:
        raise InputProblem(f"timeout-seconds must be a whole number from 1 to {_MOST_SECONDS}")
    return Gate(url, read_text("audience") or url, float(seconds))


def read_job() -> Job:
    """Return the job, with the URL from the input or else of the current run."""
    deployment = cut(read_text("terraform-deployment-id"), _ID_LIMIT)
    return Job(
        url=read_text("job-url") or _run_url(),
        terraform_deployment_id=deployment or None,
        artifact_urls=_read_artifacts(),
    )


def _read_artifacts() -> tuple[str, ...]:
    """Return the URLs that the gate accepts; the others are left out with a warning."""
    urls = _raw("artifact-urls").split()
    kept = tuple(dict.fromkeys(url for url in urls if _is_artifact(url)))[:_URL_LIMIT]
    left_out = [url for url in urls if url not in kept]
    if left_out:
        shown = cut(one_line(left_out[0]), _SHOWN_LIMIT)
        annotate("warning", f"artifact-urls: {len(left_out)} URLs left out; first: {shown}")
    return kept


def _is_artifact(url: str) -> bool:
    """Return whether the gate accepts a URL: https, or http to loopback."""
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

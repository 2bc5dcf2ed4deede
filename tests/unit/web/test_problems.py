from typing import Any

import pytest
from flask import Flask

from gate.errors import RetryLater
from gate.web.problems import register_problems
from tests.unit.web.conftest import Site


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/nowhere", (404, "not_found")),
        ("GET", "/webhooks/github/", (405, "method_not_allowed")),
        ("GET", "/webhooks/github", (405, "method_not_allowed")),
        ("PUT", "/webhooks/github", (405, "method_not_allowed")),
        ("POST", "/healthz", (405, "method_not_allowed")),
        ("GET", "/runbooks//alert", (404, "not_found")),
        ("GET", "/healthz/../metrics", (404, "not_found")),
        ("GET", "/%00", (404, "not_found")),
        ("BREW", "/healthz", (405, "method_not_allowed")),
    ],
)
def test_errors_of_the_framework_are_problems(
    site: Site, method: str, path: str, answer: tuple[int, str]
) -> None:
    """Whoever asks gets one form for every error."""
    response = site.client.open(path, method=method)

    status, reason = answer
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    assert set(response.json) == {"title", "status", "detail", "reason"}
    assert (response.json["status"], response.json["reason"]) == (status, reason)


def test_a_wrong_method_is_told_the_right_ones(site: Site) -> None:
    """The header that HTTP asks for is kept."""
    assert "POST" in site.client.get("/webhooks/github").headers["Allow"]


@pytest.fixture
def app() -> Flask:
    """Provide an application with nothing but the answers to errors."""
    app = Flask(__name__)
    register_problems(app)
    return app


def test_a_bug_tells_strangers_nothing(app: Flask, log: list[Any]) -> None:
    """The log has the exception, the answer has a reason."""

    def broken() -> str:
        msg = "the secret is s3cret"
        raise LookupError(msg)

    app.add_url_rule("/broken", "broken", broken)

    response = app.test_client().get("/broken")

    assert response.status_code == 500
    assert response.json == {
        "title": "Internal Server Error",
        "status": 500,
        "detail": "unexpected error; see the gate's log",
        "reason": "bug",
    }
    (entry,) = log
    assert entry["event"] == "http.failed"
    assert isinstance(entry["exc_info"], LookupError)


def test_a_database_that_is_busy_says_when_to_come_again(app: Flask) -> None:
    """Reading fails as gracefully as writing."""

    def busy() -> str:
        raise RetryLater("database_busy", "locked by pid 7")

    app.add_url_rule("/busy", "busy", busy)

    response = app.test_client().get("/busy")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert "pid 7" not in response.text

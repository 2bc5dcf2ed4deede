"""Register every route: webhooks, sign-in, pages for people, the API for programs."""

from __future__ import annotations

from functools import cache

from flask import Flask

from gate.runbooks import load_runbooks
from gate.web.api.audit import audit_api
from gate.web.api.incidents import incidents_api
from gate.web.api.openapi import Schema, describe_api, openapi_api
from gate.web.api.policy_schema import policy_schema_api
from gate.web.api.reports import attempts_api, reports_api
from gate.web.api.requests import requests_api
from gate.web.api.statistics import statistics_api
from gate.web.deps import WebDeps
from gate.web.door.door import Door
from gate.web.door.webhooks import webhooks
from gate.web.health import health
from gate.web.pages.api import api_pages
from gate.web.pages.board.badge import badge_pages
from gate.web.pages.board.board import board_pages
from gate.web.pages.deployment.deployment import deployment_pages
from gate.web.pages.frame.site import Site
from gate.web.pages.history.history import history_pages
from gate.web.pages.incidents import incident_pages
from gate.web.pages.insights.insights import insights_pages
from gate.web.pages.repository import repository_pages
from gate.web.pages.runbooks import runbook_pages
from gate.web.pages.status import status_pages
from gate.web.sign_in.routes import absent_pages, account_pages, sign_in_pages
from gate.web.sign_in.sign_in import SignIns


def register_routes(app: Flask, deps: WebDeps, sign_ins: SignIns | None) -> None:
    """Register the routes of each subject; `sign_ins` is None where that is not configured."""
    site, runbooks = Site(deps), load_runbooks()
    app.register_blueprint(webhooks(Door(deps)))
    app.register_blueprint(health(deps))
    if sign_ins is not None:
        app.register_blueprint(sign_in_pages(sign_ins, site.render))
        app.register_blueprint(account_pages(sign_ins, site.blueprint("account"), site.render))
    else:
        app.register_blueprint(absent_pages(site.render))
    app.register_blueprint(insights_pages(site))
    app.register_blueprint(repository_pages(site))
    app.register_blueprint(runbook_pages(site, runbooks))
    app.register_blueprint(board_pages(site))
    app.register_blueprint(incident_pages(site, runbooks))
    app.register_blueprint(history_pages(site))
    app.register_blueprint(badge_pages(site))
    app.register_blueprint(status_pages(site))

    @cache
    def describe() -> Schema:
        """Describe the API when somebody first asks; a start need not wait for it."""
        return describe_api(deps.public_url)

    app.register_blueprint(api_pages(site, describe))
    app.register_blueprint(openapi_api(describe))
    app.register_blueprint(policy_schema_api(deps.public_url))
    app.register_blueprint(deployment_pages(site))
    app.register_blueprint(requests_api(deps))
    app.register_blueprint(incidents_api(deps))
    app.register_blueprint(audit_api(deps))
    app.register_blueprint(statistics_api(deps))
    app.register_blueprint(reports_api(deps))
    app.register_blueprint(attempts_api(deps))

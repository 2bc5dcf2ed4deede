"""Build the application: Flask, how it answers errors, and its routes."""

from __future__ import annotations

from flask import Flask

from gate.web.deps import WebDeps
from gate.web.pages.frame.site import register_site
from gate.web.problems import register_problems
from gate.web.routes import register_routes
from gate.web.sign_in.sign_in import SignIns


def create_app(deps: WebDeps, sign_ins: SignIns | None = None) -> Flask:
    """Build the Flask application; it holds no state of its own.

    `sign_ins` is None where the sign-in with GitHub is not configured.
    """
    app = Flask(
        "gate",
        static_folder="web/pages/static",
        static_url_path="/static",
        template_folder="web/pages/templates",
    )
    app.url_map.strict_slashes = False
    # A doubled slash is a wrong address, not a redirect.
    app.url_map.merge_slashes = False
    register_problems(app)
    register_site(app, deps)
    register_routes(app, deps, sign_ins)
    return app

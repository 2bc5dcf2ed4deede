"""REST API endpoint that completes the registration of an App from a manifest."""

from gate.simulator.rest.routing import ROUTES, Call, Reply, not_found
from gate.simulator.shapes import accounts


@ROUTES.route("POST", "/app-manifests/{code}/conversions", "anyone")
def convert_manifest(call: Call) -> Reply:
    """Create a GitHub App from a manifest: exchange the code, once, for the App's credentials.

    A code that is unknown, used or older than an hour is not found.
    """
    found = call.world.registrations.pop(call.parameters["code"], None)
    if found is None or found.expires_at <= call.world.now():
        raise not_found()
    app = call.world.apps[found.app_id]
    credentials = {
        "client_secret": app.client_secret,
        "webhook_secret": app.webhook_secret,
        "pem": found.private_key_pem,
    }
    return Reply(accounts.app(call.world, app) | credentials, 201)

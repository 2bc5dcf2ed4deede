"""REST API endpoints for GitHub App webhooks: configuration, delivery log, redelivery."""

from gate.simulator.errors import NotLoopback
from gate.simulator.loopback import require_loopback_url
from gate.simulator.rest.paging import link, per_page
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply, not_found
from gate.simulator.state.records import DeliveryRecord
from gate.simulator.state.world import Json
from gate.simulator.webhooks.delivery import Delivery


def _config(call: Call) -> Json:
    return {
        "content_type": "json",
        "insecure_ssl": "0",
        "secret": "********",
        "url": call.app.webhook_url or "",
    }


@ROUTES.route("GET", "/app/hook/config", "app")
def show_config(call: Call) -> Json:
    """Get the webhook configuration of the App; the secret is never shown."""
    return _config(call)


@ROUTES.route("PATCH", "/app/hook/config", "app")
def change_config(call: Call) -> Json:
    """Update the webhook configuration of the App."""
    body = call.body()
    url = body.get("url")
    if url is not None:
        try:
            require_loopback_url(str(url))
        except NotLoopback as error:
            raise ApiError(422, str(error)) from error
        call.app.webhook_url = str(url)
    if body.get("secret"):
        call.app.webhook_secret = str(body["secret"])
    return _config(call)


def _item(record: DeliveryRecord) -> Json:
    moment = record.delivered_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return {
        "id": record.id,
        "guid": record.guid,
        "delivered_at": moment,
        "redelivery": record.redelivery,
        "duration": record.duration,
        "status": record.status,
        "status_code": record.status_code,
        "event": record.event,
        "action": record.action,
        "installation_id": record.installation_id,
        "repository_id": record.repository_id,
        "throttled_at": None,
    }


@ROUTES.route("GET", "/app/hook/deliveries", "app")
def list_deliveries(call: Call) -> Reply:
    """List deliveries for the App's webhook, newest first, by cursor.

    `status=failure` selects the status codes 400 to 599 and nothing else.
    """
    query = call.request.query
    records = [each.record for each in call.sender.deliveries(call.app.id)]
    match query.get("status"):
        case "failure":
            records = [each for each in records if 400 <= each.status_code <= 599]
        case "success":
            records = [each for each in records if 200 <= each.status_code <= 399]
        case _:
            pass
    cursor = query.get("cursor", "")
    if cursor:
        before = cursor.removeprefix("v1_")
        if not before.isdigit():
            raise ApiError(422, "Invalid cursor")
        records = [each for each in records if each.id <= int(before)]
    size = per_page(call)
    headers = {}
    if len(records) > size:
        headers["Link"] = f'{link(call, cursor=f"v1_{records[size].id}")}; rel="next"'
    return Reply([_item(each) for each in records[:size]], headers=headers)


def _delivery(call: Call) -> Delivery:
    found = call.sender.delivery(call.app.id, call.number("delivery_id"))
    if found is None:
        raise not_found()
    return found


@ROUTES.route("GET", "/app/hook/deliveries/{delivery_id}", "app")
def show_delivery(call: Call) -> Json:
    """Get a delivery for the App's webhook, with the request and the response."""
    found = _delivery(call)
    return _item(found.record) | {
        "url": call.app.webhook_url,
        "request": {"headers": found.request_headers, "payload": found.payload()},
        "response": {"headers": found.response_headers, "payload": found.response_body},
    }


@ROUTES.route("POST", "/app/hook/deliveries/{delivery_id}/attempts", "app")
def redeliver(call: Call) -> Reply:
    """Redeliver a delivery for the App's webhook, under the same GUID."""
    call.sender.redeliver(call.app, _delivery(call))
    return Reply({}, 202)

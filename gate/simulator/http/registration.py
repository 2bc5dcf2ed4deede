"""Let a person register an App from a manifest in the browser.

See "Registering a GitHub App from a manifest". A form posts the manifest; a page asks for the
App's name; its button registers the App and sends the browser back with a code, which
`POST /app-manifests/{code}/conversions` exchanges once for the App's credentials.
"""

import html
import re
import secrets
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gate.simulator.errors import NotLoopback
from gate.simulator.events import apps as app_events
from gate.simulator.http.wire import Request, Response
from gate.simulator.loopback import require_loopback_url
from gate.simulator.state.accounts import Account, App, Registration
from gate.simulator.state.world import World

CODE_LIFETIME = timedelta(hours=1)

_PERSON = "maintainer"
_ADDRESS = re.compile(r"(?:/organizations/([A-Za-z0-9-]{1,39}))?/settings/apps/new")


class _Hook(msgspec.Struct):
    url: str
    active: bool = True


class _Manifest(msgspec.Struct):
    """The keys of a manifest that the simulation heeds; GitHub ignores unknown ones as well."""

    name: str
    url: str
    redirect_url: str
    hook_attributes: _Hook | None = None
    callback_urls: list[str] = []
    default_permissions: dict[str, str] = {}
    default_events: list[str] = []


class _Refused(Exception):
    """The page shows this message above its form."""


def is_registration(path: str) -> bool:
    """Check whether a path is where Apps are registered, for a person or an organization."""
    return _ADDRESS.fullmatch(path) is not None


def answer(world: World, request: Request) -> Response:
    """Answer the posted manifest with a form, and the form with a redirect that carries a code."""
    found = _ADDRESS.fullmatch(request.path)
    if found is None or request.method != "POST":
        return Response(404)
    owner = _find_owner(world, found[1])
    if owner is None:
        return Response(404)
    fields = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    text = fields.get("manifest", "")
    try:
        manifest = _read(text)
    except _Refused as refused:
        return _page(422, f"<p>{html.escape(str(refused))}</p>")
    name = fields.get("name")
    if name is None:
        return _form(text, manifest.name, owner)
    try:
        code = _register(world, manifest, name, owner)
    except _Refused as refused:
        return _form(text, name, owner, str(refused))
    sent = {"code": code} | {it: request.query[it] for it in ("state",) if it in request.query}
    joint = "&" if "?" in manifest.redirect_url else "?"
    return Response(302, b"", {"Location": f"{manifest.redirect_url}{joint}{urlencode(sent)}"})


def _find_owner(world: World, organization: str | None) -> Account | None:
    """Find who will own the App; an organization that does not exist has no such page."""
    if organization is None:
        return world.account(_PERSON)
    found = world.accounts.get(organization.lower())
    return found if found is not None and found.type == "Organization" else None


def _read(text: str) -> _Manifest:
    try:
        manifest = msgspec.json.decode(text, type=_Manifest)
        require_loopback_url(manifest.redirect_url)
        for url in manifest.callback_urls:
            require_loopback_url(url)
        if manifest.hook_attributes is not None and manifest.hook_attributes.active:
            require_loopback_url(manifest.hook_attributes.url)
    except (msgspec.DecodeError, NotLoopback) as error:
        raise _Refused(f"Invalid GitHub App configuration: {error}") from None
    return manifest


def _register(world: World, manifest: _Manifest, name: str, owner: Account) -> str:
    """Register the App and return the code that its credentials are exchanged for."""
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    if not slug:
        raise _Refused("Name can't be blank")
    if any(it.slug == slug for it in world.apps.values()):
        raise _Refused("Name is already taken")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    hook = manifest.hook_attributes
    app_id = world.new_id("app")
    world.apps[app_id] = App(
        id=app_id,
        slug=slug,
        name=name,
        client_id=f"Iv23li{app_id}",
        owner=owner,
        bot=world.account(f"{slug}[bot]", "Bot"),
        public_key_pem=public.decode(),
        hook_id=world.new_id("hook"),
        webhook_url=hook.url if hook is not None and hook.active else None,
        webhook_secret=secrets.token_hex(20),
        permissions=manifest.default_permissions | {"metadata": "read"},
        events=tuple(manifest.default_events),
        created_at=world.now(),
        client_secret=secrets.token_hex(20),
        callback_urls=tuple(manifest.callback_urls),
    )
    if world.apps[app_id].webhook_url is not None:
        app_events.ping(world, world.apps[app_id])
    code = secrets.token_hex(20)
    world.registrations[code] = Registration(app_id, private.decode(), world.now() + CODE_LIFETIME)
    return code


def _form(manifest: str, name: str, owner: Account, problem: str = "") -> Response:
    """Show the form that names the App; it posts to its own address, which carries the state."""
    return _page(
        422 if problem else 200,
        f"<h1>Create GitHub App for {html.escape(owner.login)}</h1>"
        f'<p role="alert">{html.escape(problem)}</p>'
        '<form method="post">'
        f'<input type="hidden" name="manifest" value="{html.escape(manifest)}">'
        f'<label>GitHub App name <input name="name" value="{html.escape(name)}"></label> '
        f"<button>Create GitHub App for {html.escape(owner.login)}</button></form>",
    )


def _page(status: int, content: str) -> Response:
    text = f'<!DOCTYPE html><html lang="en"><title>SIMULATED GitHub</title>{content}'
    return Response(
        status,
        text.encode(),
        {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"},
    )

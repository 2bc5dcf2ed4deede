"""Get an OIDC token from the runner, which proves to the gate which run sends the request.

The runner offers it to jobs with `permissions: id-token: write` (docs: OpenID Connect reference).
"""

from __future__ import annotations

import json
import os
import re
from urllib.parse import quote

from reporting.commands import mask
from reporting.exchange import Call, check_address, exchange
from reporting.problem import InputProblem, Refused, Unreachable

_OK = 200
_SERVER_ERROR = 500
_TOO_MANY = 429
_TOKEN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}", re.ASCII)
_NO_PERMISSION = "the job has no OIDC token; give it `permissions: id-token: write`"


def fetch_token(audience: str, seconds: float) -> str:
    """Return a new token for `audience`, masked in the job's log before anything else is done.

    Raises Refused when the job may not have one, Unreachable when a retry may help.
    """
    url = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    bearer = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    if not url or not bearer:
        raise Refused(_NO_PERMISSION)
    try:
        check_address(url, "ACTIONS_ID_TOKEN_REQUEST_URL")
    except InputProblem as problem:
        raise Refused(str(problem)) from None
    joint = "&" if "?" in url else "?"
    headers = {"Authorization": f"bearer {bearer}", "Accept": "application/json"}
    call = Call("GET", f"{url}{joint}audience={quote(audience, safe='')}", headers)
    try:
        answer = exchange(call, seconds)
    except Unreachable as error:
        raise Unreachable(f"no OIDC token from the runner: {error}") from None
    if answer.status == _TOO_MANY or answer.status >= _SERVER_ERROR:
        raise Unreachable(f"the runner's token service answered {answer.status}")
    if answer.status != _OK:
        raise Refused(f"the runner's token service answered {answer.status}")
    token = _read_token(answer.body)
    mask(token)
    return token


def _read_token(body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    token = found.get("value") if isinstance(found, dict) else None
    # It must not break out of a header, or of the command that masks it.
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Refused("the runner's token service returned no token")
    return token

"""Carry a call that PyGithub built, and keep what GitHub answered.

PyGithub makes the address, the authentication and the version header. What it does with answers
does not suit a service: it sleeps and asks again, without end, on a 202; it follows redirects
without their query; and at debug level it logs bodies, tokens included. So it gets a connection of
ours, for which its requester has a parameter. It is told that the call was made and nothing more;
the answer is taken from here.
"""

from __future__ import annotations

import zlib
from collections.abc import ItemsView, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from github.Requester import HTTPSRequestsConnectionClass, RequestsResponse
from requests import PreparedRequest

_GZIP: Final = zlib.MAX_WBITS | 16
_PACKING: Final = 1024
"""What packing may add to a body that does not get smaller by it."""
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub answered: header names are in lower case, the body is as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BodyTooLong(Exception):
    """The body is longer than the caller wants to have in memory."""


class Connection(HTTPSRequestsConnectionClass):
    """The connection of one thread, kept alive between calls.

    Whether there is a proxy, and which certificates count, is read from the environment when it is
    made. `longest` bounds the next body, after decompression.
    """

    def __init__(self, api_url: str, timeout: int) -> None:
        """Prepare; nothing is connected before the first call. `timeout` is in seconds."""
        parts = urlsplit(api_url)
        port = parts.port or _PORTS[parts.scheme]
        super().__init__(parts.hostname or "", port, timeout=timeout, pool_size=1)
        self._origin: Final = f"{parts.scheme}://{parts.netloc}"
        self._settings: Final = self._from_environment()
        self._answer: Answer | None = None
        self.longest = 0

    def _from_environment(self) -> Mapping[str, Any]:
        settings = self.session.merge_environment_settings(self._origin, {}, None, None, None)
        return {name: settings[name] for name in ("proxies", "verify", "cert")}

    def getresponse(self) -> RequestsResponse:
        """Make the call that PyGithub has prepared."""
        self._answer = None
        # Below the session, which would keep cookies and look up the environment again.
        request = PreparedRequest()
        request.prepare_method(self.verb)
        request.prepare_url(self._origin + self.url, None)
        request.prepare_headers({"Accept-Encoding": "gzip", **self.headers})
        request.prepare_body(self.input, None)
        response = self.adapter.send(request, stream=True, timeout=self.timeout, **self._settings)
        headers = {name.lower(): value for name, value in response.headers.items()}
        sent = self._read(response.raw, headers.get("content-length", ""))
        body = _unpacked(sent, headers.get("content-encoding", ""), self.longest)
        self._answer = Answer(response.status_code, headers, body)
        return _Told()

    def _read(self, raw: Any, length: str) -> bytes:  # noqa: ANN401 - requests does not type it
        """Read a body to its end as it was sent, or hang up when it is too long."""
        most = self.longest + _PACKING
        is_told = length.isascii() and length.isdigit()
        if is_told and int(length[:20]) > most:
            raw.close()
            raise BodyTooLong
        body = bytearray()
        # The last, empty piece is what shows whether the body came to its end.
        while piece := raw.read(most + 1, decode_content=False):
            body += piece
            if len(body) > most:
                raw.close()
                raise BodyTooLong
        raw.release_conn()
        return bytes(body)

    def take(self) -> Answer:
        """Return the answer to the last call, once."""
        answer, self._answer = self._answer, None
        if answer is None:
            raise RuntimeError("no call was made")
        return answer

    def close(self) -> None:
        """Hang up; a later call connects again."""
        self.adapter.close()
        super().close()


def _unpacked(body: bytes, encoding: str, longest: int) -> bytes:
    """Unpack a body; raises ValueError for one that is damaged or breaks off.

    urllib3 would give the beginning of a body that breaks off, as if it were the whole.
    """
    if encoding.lower() in {"gzip", "x-gzip"} and body:
        unpacker = zlib.decompressobj(wbits=_GZIP)
        try:
            body = unpacker.decompress(body, longest + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        is_whole = unpacker.eof and not unpacker.unused_data
        if not is_whole and len(body) <= longest:
            raise ValueError("the packed body breaks off")
    elif encoding.lower() not in {"", "gzip", "x-gzip", "identity"}:
        raise ValueError(f"a body packed by {encoding}")
    if len(body) > longest:
        raise BodyTooLong
    return body


class _Told(RequestsResponse):
    """What PyGithub is shown of any answer: that there was one."""

    def __init__(self) -> None:
        self.status = HTTPStatus.OK.value

    def getheaders(self) -> ItemsView[str, str]:
        return _NOTHING.items()

    def read(self) -> str:
        return ""


_NOTHING: Final[dict[str, str]] = {}

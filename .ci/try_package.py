"""Try a gate that was just installed: `python .ci/try_package.py FOLDER/bin/gate`.

It runs outside the checkout, so that nothing but the package itself can be at hand: the commands,
the files that the package carries, and a service that starts, answers and stops when it is told to.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_SECONDS: Final = 30
_COMMANDS: Final = (
    ["--version"],
    ["--help"],
    ["policy", "schema"],
    ["serve", "--help"],
    ["demo", "--port", "0"],
)


def main(gate: Path) -> None:
    """Run every step in an empty folder; the first that fails ends the script with its output."""
    with TemporaryDirectory() as folder:
        for arguments in _COMMANDS:
            subprocess.run([gate, *arguments], cwd=folder, check=True, stdout=subprocess.PIPE)
            print(f"ok  gate {' '.join(arguments)}")
        _serve(gate, Path(folder))


def _serve(gate: Path, folder: Path) -> None:
    """Start the service without a GitHub to talk to, ask it, and stop it."""
    port = _free_port()
    key = folder / "key.pem"
    key.write_bytes(_make_key())
    settings = {
        "GATE_GITHUB_APP_ID": "1",
        "GATE_GITHUB_PRIVATE_KEY_FILE": str(key),
        "GATE_GITHUB_WEBHOOK_SECRET": "of this trial alone",
        "GATE_GITHUB_API_URL": f"http://127.0.0.1:{_free_port()}",
        "GATE_LOG_FORMAT": "json",
    }
    with subprocess.Popen(
        [gate, "serve", "--port", str(port)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **settings},
    ) as service:
        try:
            _wait_for(port, service)
            for path, start in (
                ("/healthz", '{"status":"ok"'),
                ("/runbooks/page", "<!doctype html>"),
            ):
                status, body = _get(port, path)
                assert status == 200, f"{path} answered {status}: {body}"
                assert body.startswith(start), f"{path} answered {body}"
                print(f"ok  GET {path}")
            status, body = _get(port, "/readyz")
            checks = json.loads(body)["checks"]
            assert checks["database"] == "ok", f"/readyz answered {status}: {body}"
            print(f"ok  GET /readyz: {status}, {checks}")
        finally:
            service.send_signal(signal.SIGTERM)
        assert service.wait(_SECONDS) == 0, "gate serve did not stop cleanly"
        print("ok  gate serve stopped when it was told to")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _make_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _wait_for(port: int, service: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        assert service.poll() is None, f"gate serve ended with {service.returncode}"
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port} after {_SECONDS} seconds")


def _get(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

"""Make a simulated GitHub ready for a gate: an App, an installation, a gated repository.

What a gate needs to know of it goes into a `.env`, as people write one for a real GitHub.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.demo.key_pair import generate_key_pair
from gate.errors import ConfigError
from gate.manifest import load_manifest
from gate.simulator.actions.oidc import PREFIX as OIDC_PREFIX
from gate.simulator.control import PREFIX as COMMANDS
from gate.simulator.github import SimulatedGitHub

REPOSITORY: Final = "octo-org/frontend"
ENVIRONMENT: Final = "production-frontend"
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Registered:
    """The App of a simulated GitHub, and its installation; `private_key` is PEM."""

    app_id: int
    private_key: str
    installation_id: int


def register(github: SimulatedGitHub, gate_url: str, webhook_secret: str) -> Registered:
    """Register the App for a gate at an address, and install it on one gated repository."""
    manifest = load_manifest()
    private, public = generate_key_pair()
    app_id = github.register_app(
        public_key_pem=public,
        webhook_secret=webhook_secret,
        webhook_url=f"{gate_url}/webhooks/github",
        permissions=dict(manifest.permissions),
        events_wanted=list(manifest.events),
    )
    installation_id = github.create_installation("octo-org")
    github.create_repository(REPOSITORY, installation_id)
    github.protect_environment(REPOSITORY, ENVIRONMENT)
    return Registered(app_id, private, installation_id)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Where the gate will be, and which file is to have its settings."""

    gate_url: str
    file: Path
    may_replace: bool

    def check(self) -> None:
        """Raise ConfigError where the file is there and may not be replaced."""
        if self.file.exists() and not self.may_replace:
            problem = f"{self.file} exists: choose another folder, or replace it by --force"
            raise ConfigError((problem,))

    def prepare(self, github: SimulatedGitHub, api_url: str) -> str:
        """Register the App, write the settings, and return what to do next.

        Raises ConfigError when the file cannot be written.
        """
        secret = secrets.token_urlsafe(32)
        app = register(github, self.gate_url, secret)
        key = app.private_key.replace("\n", "\\n")
        settings = {
            "GATE_GITHUB_APP_ID": str(app.app_id),
            "GATE_GITHUB_PRIVATE_KEY": f'"{key}"',
            "GATE_GITHUB_WEBHOOK_SECRET": secret,
            "GATE_GITHUB_API_URL": api_url,
            "GATE_GITHUB_OIDC_ISSUER": f"{api_url}{OIDC_PREFIX}",
            "GATE_PUBLIC_URL": self.gate_url,
        }
        if "GATE_DATABASE_URL" not in os.environ:
            settings["GATE_DATABASE_URL"] = f"sqlite:///{self.file.resolve().parent}/gate.db"
        self._write("".join(f"{name}={value}\n" for name, value in settings.items()))
        return self._next_steps(api_url)

    def _write(self, text: str) -> None:
        replacing = os.O_TRUNC if self.may_replace else os.O_EXCL
        try:
            number = os.open(self.file, os.O_WRONLY | os.O_CREAT | replacing, _OWNER_ONLY)
            with os.fdopen(number, "w", encoding="utf-8") as stream:
                os.fchmod(number, _OWNER_ONLY)
                stream.write(text)
        except OSError as error:
            raise ConfigError((f"{self.file}: {error.strerror}",)) from None

    def _next_steps(self, api_url: str) -> str:
        port = self.gate_url.rpartition(":")[2]

        def command(name: str, body: str) -> str:
            return f"curl -sS --data '{body}' {api_url}{COMMANDS}{name}"

        repository = f'"repository": "{REPOSITORY}"'
        red = command("validate", f'{{{repository}, "conclusion": "failure"}}')
        green = command("validate", f'{{{repository}, "conclusion": "success"}}')
        deploy = command("deploy", f"{{{repository}}}")
        return f"""\
The App is registered and installed on {REPOSITORY}, where {ENVIRONMENT} is gated.
The settings of a gate for it are in {self.file}. In other terminals, in that file's folder:

1. Start the gate:
   gate serve --port {port}
2. Let validation fail and deploy; the deployment is held:
   {red} && {deploy}
3. Let validation pass; the deployment continues:
   {green}

In between, see why it is held: gate requests show 1, or {self.gate_url}/
"""

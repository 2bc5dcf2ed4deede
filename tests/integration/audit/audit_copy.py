"""Copy the database of a service, change the copy, and run the audit commands on it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from gate.cli import gate as command
from gate.domain.audit.chain import entry_hash
from tests.support.harness import Gate


class Copy:
    """A copy of the service's database, to tamper with, and the commands that look at it."""

    def __init__(self, gate: Gate, folder: Path) -> None:
        self.path = folder / "copy.db"
        source = gate.settings.database_url.get_secret_value().removeprefix("sqlite:///")
        with sqlite3.connect(source) as here, sqlite3.connect(self.path) as there:
            here.backup(there)
        here.close()
        there.close()
        self._private = gate.settings.github_private_key.get_secret_value()
        self.public_key = folder / "app.pub.pem"
        key = load_pem_private_key(self._private.encode(), password=None)
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public_key.write_bytes(pem)

    def run(self, *arguments: str, url: str | None = None, with_key: bool = False) -> Result:
        """Run a command that has this database, and no other setting unless asked."""
        env = {"GATE_DATABASE_URL": url or f"sqlite:///{self.path}"}
        if with_key:
            env["GATE_GITHUB_APP_ID"] = "1"
            env["GATE_GITHUB_PRIVATE_KEY"] = self._private
            env["GATE_GITHUB_WEBHOOK_SECRET"] = "only-for-this-test"
        return CliRunner(env=env).invoke(command, arguments)

    def verify(self, *more: str) -> Result:
        """Check the trail as an auditor does, who has only the public key."""
        return self.run("audit", "verify", "--public-key", str(self.public_key), *more)

    def execute(self, *statements: str) -> None:
        """Change the database as somebody who owns it."""
        with sqlite3.connect(self.path) as connection:
            connection.execute("DROP TRIGGER IF EXISTS audit_entries_update")
            connection.execute("DROP TRIGGER IF EXISTS audit_entries_delete")
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def hash_anew(self) -> None:
        """Write every hash of the only chain anew, as somebody does who read how it is made."""
        before = "0" * 64
        for fields in map(json.loads, self.run("audit", "export").output.splitlines()):
            fields["previous_hash"] = before
            before = entry_hash(fields)
            values = f"previous_hash = '{fields['previous_hash']}', hash = '{before}'"
            self.execute(
                f"UPDATE audit_entries SET {values} WHERE sequence = {fields['sequence']}",  # noqa: S608 - ours
                f"UPDATE audit_heads SET hash = '{before}'",  # noqa: S608 - ours
            )

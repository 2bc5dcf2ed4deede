"""Limit the bodies of requests, for the door that reads them and the API that refuses them."""

from __future__ import annotations

from typing import Final

LONGEST_WEBHOOK: Final = 25 * 1024 * 1024
"""Bytes. GitHub delivers no larger payload (docs: Webhook events and payloads)."""

LONGEST_REPORT: Final = 1024 * 1024
"""Bytes of a report or an alert, and of whatever else is no webhook."""

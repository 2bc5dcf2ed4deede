"""Faults on demand: what goes wrong between a client and GitHub, and between GitHub and a hook."""

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

Damage = Literal["close", "html", "truncate"]


@dataclass(frozen=True)
class Fault:
    """What happens to REST requests whose method and path match.

    The path is searched with a regular expression, below the API root and without the query.
    It begins after as many of them as `after` says, and ends after `times` more or `seconds` of
    wall-clock time, else when cleared.

    - `status`, `headers`, `body` answer in GitHub's place. Without `apply` nothing else happens;
      with it the request takes effect first and its answer is replaced.
    - `damage`: "close" hangs up without an answer, "html" answers 200 with a web page,
      "truncate" sends half of the JSON. "truncate" always takes effect first.
    - `delay_before` waits before the request takes effect, `delay_after` before it is answered.
    """

    path: str = ""
    method: str = "*"
    times: int | None = None
    seconds: float | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    apply: bool = False
    damage: Damage | None = None
    delay_before: float = 0.0
    delay_after: float = 0.0
    after: int = 0

    @property
    def replaces(self) -> bool:
        """Check whether the client never sees GitHub's own answer."""
        return self.status is not None or self.body is not None or self.damage is not None

    @property
    def applies(self) -> bool:
        """Check whether the request takes effect."""
        return self.apply or self.damage == "truncate" or not self.replaces


HookFaultKind = Literal["drop", "lose", "duplicate", "delay", "reorder"]


@dataclass(frozen=True)
class WebhookFault:
    """What happens to deliveries whose event matches.

    - "drop": not sent, and in the delivery log with `status_code`, as if the hook had failed
    - "lose": not sent and in no log
    - "duplicate": sent twice with one GUID
    - "delay": sent `seconds` later, past the order of its repository
    - "reorder": `count` deliveries are held back and then sent in reverse, or shuffled

    It ends after `times` deliveries, else when cleared.
    """

    kind: HookFaultKind
    event: str = ""
    action: str | None = None
    times: int | None = None
    seconds: float = 0.0
    count: int = 2
    shuffled: bool = False
    status_code: int = 502


@dataclass(slots=True)
class _Armed:
    fault: Fault | WebhookFault
    pattern: re.Pattern[str]
    skipped: int
    left: int | None
    until: float | None


class Faults:
    """The faults in force. Safe to use from any thread; the first that matches is taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rest: dict[int, _Armed] = {}
        self._hooks: dict[int, _Armed] = {}
        self._count = 0

    def add(self, fault: Fault | WebhookFault) -> int:
        """Put a fault in force; the number returned clears it."""
        hook = isinstance(fault, WebhookFault)
        expression = fault.event if isinstance(fault, WebhookFault) else fault.path
        until = None
        if isinstance(fault, Fault) and fault.seconds is not None:
            until = time.monotonic() + fault.seconds
        with self._lock:
            self._count += 1
            skipped = fault.after if isinstance(fault, Fault) else 0
            armed = _Armed(fault, re.compile(expression), skipped, fault.times, until)
            (self._hooks if hook else self._rest)[self._count] = armed
            return self._count

    def clear(self, number: int | None = None) -> None:
        """Lift one fault, or all of them."""
        with self._lock:
            for table in (self._rest, self._hooks):
                if number is None:
                    table.clear()
                else:
                    table.pop(number, None)

    def for_request(self, method: str, path: str) -> Fault | None:
        """Take the fault that befalls a request, if any."""
        if not self._rest:
            return None
        with self._lock:
            for number, armed in list(self._rest.items()):
                fault = armed.fault
                if armed.until is not None and armed.until <= time.monotonic():
                    del self._rest[number]
                elif (
                    isinstance(fault, Fault)
                    and fault.method in ("*", method)
                    and armed.pattern.search(path)
                ):
                    if armed.skipped > 0:
                        armed.skipped -= 1
                        continue
                    self._spend(self._rest, number, armed)
                    return fault
        return None

    def for_delivery(self, event: str, action: str | None) -> tuple[int, WebhookFault] | None:
        """Take the fault that befalls a delivery, if any, with its number."""
        if not self._hooks:
            return None
        with self._lock:
            for number, armed in list(self._hooks.items()):
                fault = armed.fault
                if (
                    isinstance(fault, WebhookFault)
                    and fault.action in (None, action)
                    and armed.pattern.search(event)
                ):
                    self._spend(self._hooks, number, armed)
                    return number, fault
        return None

    @staticmethod
    def _spend(table: dict[int, _Armed], number: int, armed: _Armed) -> None:
        if armed.left is not None:
            armed.left -= 1
            if armed.left <= 0:
                del table[number]

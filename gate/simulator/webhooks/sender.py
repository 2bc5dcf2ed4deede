"""Send webhooks: signatures, order, time-outs and the delivery log.

GitHub does not repeat a failed delivery by itself; it waits ten seconds for an answer; a
redelivery on request keeps its GUID. See "Handling failed webhook deliveries", "Best practices
for using webhooks" and "Validating webhook deliveries".
"""

import dataclasses
import queue
import random
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from gate.simulator.clock import Clock
from gate.simulator.faults import Faults, WebhookFault
from gate.simulator.state.accounts import App
from gate.simulator.state.records import DeliveryRecord
from gate.simulator.state.world import Outgoing
from gate.simulator.switches import Switches
from gate.simulator.webhooks.delivery import Delivery, Task
from gate.simulator.webhooks.hookshot import Hookshot, HookTimeout, HookUnreachable

DELIVERY_TIMEOUT = 10.0
# Larger payloads are not delivered at all.
PAYLOAD_LIMIT = 25 * 1024 * 1024

WebhookOrder = Literal["repository", "none"]


@dataclass
class _Held:
    fault: WebhookFault
    tasks: list[Task] = field(default_factory=list)


class WebhookSender:
    """Deliver webhooks from a few threads, by default in order for each repository."""

    def __init__(
        self,
        clock: Clock,
        switches: Switches,
        faults: Faults,
        *,
        threads: int = 16,
        order: WebhookOrder = "repository",
        timeout: float = DELIVERY_TIMEOUT,
        log_size: int = 20_000,
    ) -> None:
        self._clock = clock
        self.switches = switches
        self._faults = faults
        self._order = order
        self._hookshot = Hookshot(timeout)
        self._log: deque[Delivery] = deque(maxlen=log_size)
        self._changed = threading.Condition()
        self._outstanding = 0
        self._totals = [0, 0]
        self._held: dict[int, _Held] = {}
        self._random = random.Random(20)
        self._last_id = 182_000_000_000_000_000
        self._next_queue = 0
        self._queues: list[queue.SimpleQueue[Task | None]] = [
            queue.SimpleQueue() for _ in range(threads)
        ]
        self._threads: list[threading.Thread] = []

    def post(self, outgoing: Outgoing) -> None:
        """Take a webhook for delivery; returns at once. An App without an address gets none."""
        if outgoing.app.webhook_url is None:
            return
        task = Task(
            app=outgoing.app,
            guid=str(uuid.UUID(int=self._random.getrandbits(128), version=1)),
            event=outgoing.event,
            action=outgoing.action,
            body=None,
            outgoing=outgoing,
            installation_id=outgoing.installation_id,
            repository_id=outgoing.repository_id,
        )
        found = self._faults.for_delivery(task.event, task.action)
        if found is None:
            self._enqueue(task)
            return
        number, fault = found
        match fault.kind:
            case "lose":
                pass
            case "drop":
                self._enqueue(dataclasses.replace(task, refused_with=fault.status_code))
            case "duplicate":
                self._enqueue(task)
                self._enqueue(task)
            case "delay":
                self._count(1)
                timer = threading.Timer(fault.seconds, self._put, [task])
                timer.daemon = True
                timer.start()
            case "reorder":
                self._hold(number, fault, task)

    def redeliver(self, app: App, delivery: Delivery) -> None:
        """Send a delivery of the log once more, with the same GUID and body."""
        record = delivery.record
        task = Task(
            app=app,
            guid=record.guid,
            event=record.event,
            action=record.action,
            body=delivery.body,
            outgoing=None,
            installation_id=record.installation_id,
            repository_id=record.repository_id,
            redelivery=True,
        )
        self._enqueue(task)

    def set_timeout(self, seconds: float) -> None:
        """Wait this long for an answer, from the next delivery on."""
        self._hookshot.timeout = seconds

    def deliveries(self, app_id: int) -> list[Delivery]:
        """List an App's delivery log, newest first."""
        with self._changed:
            return [each for each in reversed(self._log) if each.record.app_id == app_id]

    def delivery(self, app_id: int, delivery_id: int) -> Delivery | None:
        """Find one line of an App's delivery log."""
        for each in self.deliveries(app_id):
            if each.record.id == delivery_id:
                return each
        return None

    def release_held(self) -> None:
        """Send what "reorder" faults still hold back."""
        with self._changed:
            held, self._held = list(self._held.values()), {}
        for each in held:
            self._release(each)

    def outstanding(self) -> int:
        """Count the deliveries under way, those held back for reordering left out."""
        with self._changed:
            return self._outstanding

    def totals(self) -> tuple[int, int]:
        """Count the deliveries logged so far, and the failed ones among them."""
        with self._changed:
            return self._totals[0], self._totals[1]

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until no delivery is under way; False when that takes longer than `timeout`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._outstanding == 0, timeout)

    def close(self) -> None:
        """Stop the threads after what they are sending now."""
        for waiting in self._queues:
            waiting.put(None)
        for thread in self._threads:
            thread.join(self._hookshot.timeout)
        self._threads.clear()

    def _hold(self, number: int, fault: WebhookFault, task: Task) -> None:
        with self._changed:
            held = self._held.setdefault(number, _Held(fault))
            held.tasks.append(task)
            full = len(held.tasks) >= fault.count
            if full:
                del self._held[number]
        if full:
            self._release(held)

    def _release(self, held: _Held) -> None:
        if held.fault.shuffled:
            self._random.shuffle(held.tasks)
        else:
            held.tasks.reverse()
        for task in held.tasks:
            self._enqueue(task)

    def _enqueue(self, task: Task) -> None:
        self._count(1)
        self._put(task)

    def _put(self, task: Task) -> None:
        if not self._threads:
            self._start()
        if self._order == "repository":
            at = hash(task.repository_id or task.installation_id) % len(self._queues)
        else:
            self._next_queue = at = (self._next_queue + 1) % len(self._queues)
        self._queues[at].put(task)

    def _start(self) -> None:
        with self._changed:
            if self._threads:
                return
            self._threads = [
                threading.Thread(target=self._work, args=[each], name="webhooks", daemon=True)
                for each in self._queues
            ]
        for thread in self._threads:
            thread.start()

    def _work(self, tasks: "queue.SimpleQueue[Task | None]") -> None:
        while (task := tasks.get()) is not None:
            try:
                delivery = self._deliver(task)
                with self._changed:
                    self._log.append(delivery)
                    self._totals[0] += 1
                    self._totals[1] += delivery.record.status != "OK"
            finally:
                self._count(-1)
        self._hookshot.close()

    def _deliver(self, task: Task) -> Delivery:
        app = task.app
        body = task.body
        if body is None:
            body = msgspec.json.encode(task.outgoing.payload if task.outgoing else {})
        headers = task.headers(body, self.switches.hook_target_type)
        moment, started = self._clock(), time.perf_counter()
        response_headers: dict[str, str] = {}
        answer = ""
        if task.refused_with is not None:
            status, code = "Invalid HTTP Response: " + str(task.refused_with), task.refused_with
        elif len(body) > PAYLOAD_LIMIT:
            status, code = "payload too large", 0
        else:
            try:
                response = self._hookshot.post(app.webhook_url or "", body, headers)
            except HookTimeout:
                status, code = "timed out", self.switches.timed_out_status_code
            except HookUnreachable:
                status, code = "failed to connect to host", 502
            else:
                code = response.status
                status = "OK" if 200 <= code < 300 else f"Invalid HTTP Response: {code}"
                response_headers, answer = response.headers, response.body
        record = self._record(task, moment, time.perf_counter() - started, status, code)
        return Delivery(record, headers, body, response_headers, answer)

    def _record(
        self, task: Task, moment: datetime, duration: float, status: str, code: int
    ) -> DeliveryRecord:
        with self._changed:
            self._last_id += 1
            delivery_id = self._last_id
        return DeliveryRecord(
            id=delivery_id,
            app_id=task.app.id,
            guid=task.guid,
            event=task.event,
            action=task.action,
            delivered_at=moment,
            redelivery=task.redelivery,
            duration=round(duration, 3),
            status=status,
            status_code=code,
            installation_id=task.installation_id,
            repository_id=task.repository_id,
        )

    def _count(self, change: int) -> None:
        with self._changed:
            self._outstanding += change
            if self._outstanding == 0:
                self._changed.notify_all()

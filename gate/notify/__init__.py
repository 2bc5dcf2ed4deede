"""Bring an alert to people: one class for each channel; the only importer of slack_sdk and Apprise.

Each has `channel` and `send(alert)`, which returns when the alert was taken and else raises
RetryLater (nothing arrived), OutcomeUnknown (it may have arrived) or Refused (it never will). What
an alert says is put together once, in `outline`; texts that others wrote are harmless afterwards.
Nothing here decides whom to alert, when, or how often to try: the reconciler does.
"""

from gate.notify.channels import create_notifiers
from gate.notify.notifier import Notifier

__all__ = ["Notifier", "create_notifiers"]

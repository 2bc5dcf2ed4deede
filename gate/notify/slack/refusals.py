"""Say in words why Slack did not take a message.

What Slack answers to an incoming webhook is a slug; it names the channel's fault or the message's
(https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, "Handling errors").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHANNEL_WORDS: Final[Mapping[str, str]] = {
    "action_prohibited": "an administrator of the workspace does not allow this webhook to post; "
    "ask them, or use another channel",
    "channel_is_archived": "the channel is archived; unarchive it or make a webhook for another",
    "channel_not_found": "the channel does not exist any more; make a webhook for another one",
    "invalid_token": "the webhook's address is wrong or was revoked; copy it again",
    "no_active_hooks": "the webhook is switched off; switch it on or make a new one",
    "no_service": "the webhook was deleted or switched off, or its address is wrong; make another",
    "no_service_id": "the webhook's address is not complete; copy it again",
    "no_team": "the workspace does not exist, or the address is wrong; copy it again",
    "posting_to_general_channel_denied": "only some people may post to this channel; "
    "make a webhook for another one",
    "team_disabled": "the workspace is disabled; use another one",
    "user_not_found": "the person the webhook posts to does not exist any more; make a new webhook",
}
"""Faults of the address and of what is behind it: no other message would be taken."""

MESSAGE_WORDS: Final[Mapping[str, str]] = {
    "invalid_blocks": "Slack cannot read the message's blocks",
    "invalid_blocks_format": "Slack cannot read the message's blocks",
    "invalid_payload": "Slack cannot read the message",
    "no_text": "Slack finds no text in the message",
    "too_many_attachments": "the message has too many attachments",
}
"""Faults of one message; others may well be taken."""

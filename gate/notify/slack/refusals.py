"""Explain why Slack rejected a message.

Slack answers an incoming webhook with a slug that names a fault of the channel or of the message
(https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, "Handling errors").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHANNEL_WORDS: Final[Mapping[str, str]] = {
    "action_prohibited": "a workspace administrator does not allow this webhook to post; "
    "ask them, or use another channel",
    "channel_is_archived": "the channel is archived; unarchive it or use another one",
    "channel_not_found": "the channel no longer exists; create a webhook for another one",
    "invalid_token": "the webhook's URL is wrong or was revoked; copy it again",
    "no_active_hooks": "the webhook is disabled; enable it, or create a new one",
    "no_service": "the webhook was deleted or disabled, or its URL is wrong; create a new one",
    "no_service_id": "the webhook's URL is incomplete; copy it again",
    "no_team": "the workspace does not exist, or the URL is wrong; copy it again",
    "posting_to_general_channel_denied": "only some people may post to this channel; "
    "create a webhook for another one",
    "team_disabled": "the workspace is disabled; use another one",
    "user_not_found": "the person the webhook posts to no longer exists; create a new webhook",
}
"""Faults of the URL or its channel: Slack would reject every other message too."""

MESSAGE_WORDS: Final[Mapping[str, str]] = {
    "invalid_blocks": "Slack cannot read the message's blocks",
    "invalid_blocks_format": "Slack cannot read the message's blocks",
    "invalid_payload": "Slack cannot read the message",
    "no_text": "Slack finds no text in the message",
    "too_many_attachments": "the message has too many attachments",
}
"""Faults of one message; Slack may accept others."""

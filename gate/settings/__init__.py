"""The service's settings: what there is, which values are taken, and how they are loaded.

Only environment variables and the file `.env` are read, once, at the start. What concerns a single
alert channel is checked in `gate.notify`.
"""

from gate.settings.checks import ApiToken, is_token_name
from gate.settings.environment import load_database_url, load_settings, near_miss
from gate.settings.fields import SETTINGS, Setting, Settings

__all__ = [
    "SETTINGS",
    "ApiToken",
    "Setting",
    "Settings",
    "is_token_name",
    "load_database_url",
    "load_settings",
    "near_miss",
]

"""What every long-running command does first."""

from __future__ import annotations

from gate.log import configure_logging, get_logger
from gate.settings import Settings, load_settings, near_miss


def load_for_service() -> Settings:
    """Read the settings, set logging up by them, and warn of variables that are none of ours."""
    settings = load_settings()
    configure_logging(settings.log_format)
    log = get_logger(__name__)
    for name in settings.unknown_variables:
        log.warning("config.unknown_variable", name=name, meant=near_miss(name))
    return settings

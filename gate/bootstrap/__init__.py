"""Wire the service: settings in, connected objects out. Nothing else knows how they fit.

`service` connects what every process has, `web` what serves requests. No rule is here.
"""

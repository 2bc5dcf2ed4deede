"""The JSON API: requests, incidents, audit and statistics to read, reports and alerts to post.

Webhooks come in by `gate.web.door`; pages for people are in `gate.web.pages`.
"""

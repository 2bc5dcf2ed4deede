"""Speak with GitHub as an App; the only importer of PyGithub.

What goes out is in `client`, what comes in is read by `payloads` and checked by `signature`. Errors
of PyGithub, requests and urllib3 end here, in `mapping`.
"""

"""Pages that people read in a browser.

Programs use `gate.web.api`.
"""

"""Pages that people read in a browser: a module or a folder a page, its template of the same name.

Nothing here changes anything: acting stays in GitHub. Programs use `gate.web.api`, and who may
read is found by `gate.web.viewers`.
"""

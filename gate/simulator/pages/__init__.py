"""The pages of the simulated GitHub: what a browser finds at the addresses that the API names.

`site` finds the page of an address and renders it by `page.html`. What a page shows is a
`subject.Subject`, which `runs`, `issues` and `repositories` describe. Pages change nothing: what a
person would do on GitHub, a command of the simulator does, and the page names it.
"""

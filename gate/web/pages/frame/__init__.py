"""What all pages share: their frame, headers, filters of templates, queries, and kept pages.

It knows no page. A page is a module beside this folder, or a folder of its own.
"""

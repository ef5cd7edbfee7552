"""Reports whose every figure is known, over all shapes that their tables come in, read through the real path.

`python -m tests.tables --cases N` plays cases and counts cells. `grid` is a table before any markup, `forms` draws the
three tables, `shapes` names what portals do to them, `pages` writes HTML, `damage` breaks it, `check` compares.
"""

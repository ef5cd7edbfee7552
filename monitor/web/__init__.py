"""Staff pages: see, search, compare, query. On Datasette, in a browser, in Chinese; the record is only read.

`app.py` puts the parts together, `plugin.py` is what Datasette sees of them, `site.py` is what every page is given. A page
is a module with `ROUTES`: handlers that ask the record for plain values and render a template with them. What staff write
(notes on events) lies in a database of its own.
"""

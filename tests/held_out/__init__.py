"""Held-out sites: portals on loopback that nobody looked at while the families, the recogniser and the scout were written.

`python -m tests.held_out [NAME or FAMILY…]` adds and crawls each of them from its front page, its column and one report, and prints
what was recognised, what was found, and what was recorded that is no report. The pages are made from what is known of
real systems (addresses, scripts, class names), in markup of their own.
"""

"""Which rules read a page: goes into a portal's `rules`, for those who must know it and read none."""

REVISION = "6"
"""A change of what `crawler.page.reader` makes of any page; stored captures are then read again before they are compared."""

"""A page as the scout's parts look at it: its tree and its scripts, in bounded time.

Pure. `Opened` is what an honest page gives; of a hostile one only so much that nothing takes more than seconds: the first two
million characters, tags no longer than real ones (a tag with 20,000 attributes takes the parser minutes).
"""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from crawler.families.rows import base_of, tree_of
from crawler.families.scan import scripts, without_comments
from crawler.scout.model import Seen

LONGEST = 2_000_000
"""Characters of a page that are looked at."""
_LONG_TAG = re.compile(r"<[a-zA-Z/!][^>]{20000,}(?:>|$)")


class Opened(NamedTuple):
    """A page, opened."""

    text: str
    """Without what is too much; comments and all."""
    tree: LexborHTMLParser
    """Without comments. Of a JSON answer: an empty one."""
    base: str
    """What relative addresses count from."""
    code: str
    """The inline scripts that run, one after the other; all of a JSON answer."""


def opened(page: Seen) -> Opened:
    """The page's parts. Never raises."""
    text = trimmed(page.text)
    if text.lstrip()[:1] in ("{", "["):
        return Opened(text, tree_of(""), page.url, text)
    visible = without_comments(text)
    tree = tree_of(visible)
    return Opened(text, tree, base_of(tree, page.url), "\n".join(scripts(visible)))


def trimmed(text: str) -> str:
    """A page's text without what no real page holds."""
    return _LONG_TAG.sub("<i>", text[:LONGEST])

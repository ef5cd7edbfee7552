"""Parts of a page's text, found in one sweep: patterns that search for an end which never comes take quadratic time."""

import re
from collections.abc import Iterator

_SCRIPT = re.compile(r"<script\b[^<>]*>", re.I)
_SCRIPT_END = re.compile(r"</script\s*>", re.I)


def without_comments(text: str) -> str:
    """HTML without its comments; an open one at the end hides the rest, as browsers have it."""
    kept = []
    place = 0
    while (start := text.find("<!--", place)) >= 0:
        kept.append(text[place:start])
        end = text.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        place = end + 3
    kept.append(text[place:])
    return "".join(kept)


def scripts(html: str) -> Iterator[str]:
    """The insides of a page's script elements, in order."""
    place = 0
    while start := _SCRIPT.search(html, place):
        end = _SCRIPT_END.search(html, start.end())
        if end is None:
            yield html[start.end() :]
            return
        yield html[start.end() : end.start()]
        place = end.end()

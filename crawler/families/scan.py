"""Parts of a page's text, found in one sweep: patterns that search for an end which never comes take quadratic time."""

import re
from collections.abc import Iterator

_SCRIPT = re.compile(r"<script\b[^<>]*>", re.I)
_SCRIPT_END = re.compile(r"</script\s*>", re.I)
_CODE_MARK = re.compile(r"[\"'`]|//|/\*|<!--|-->")
_STRING_END = {
    '"': re.compile(r'(?:[^"\\\n]|\\[\s\S])*"'),
    "'": re.compile(r"(?:[^'\\\n]|\\[\s\S])*'"),
    "`": re.compile(r"(?:[^`\\]|\\[\s\S])*`"),
}


def without_comments(text: str) -> str:
    """HTML without its comments; an open one at the end hides the rest, as browsers have it. Inside a script `<!--` is no
    HTML comment: old templates wrap whole scripts in it."""
    kept = []
    place = 0
    script = _SCRIPT.search(text)
    while (start := text.find("<!--", place)) >= 0:
        if script is not None and script.start() < place:
            script = _SCRIPT.search(text, place)
        if script is not None and script.start() < start:
            end_tag = _SCRIPT_END.search(text, script.end())
            if end_tag is None:
                break
            kept.append(text[place : end_tag.end()])
            place = end_tag.end()
            continue
        kept.append(text[place:start])
        end = text.find("-->", start + 2)
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


def without_scripts(html: str) -> str:
    """HTML without its script elements."""
    kept = []
    place = 0
    while start := _SCRIPT.search(html, place):
        kept.append(html[place : start.start()])
        end = _SCRIPT_END.search(html, start.end())
        if end is None:
            return "".join(kept)
        place = end.end()
    kept.append(html[place:])
    return "".join(kept)


def live_page(text: str) -> str:
    """A page without its comments, those inside its scripts too."""
    text = without_comments(text)
    kept = []
    place = 0
    while start := _SCRIPT.search(text, place):
        end = _SCRIPT_END.search(text, start.end())
        stop = end.start() if end is not None else len(text)
        kept += [text[place : start.end()], live_code(text[start.end() : stop])]
        place = stop
    kept.append(text[place:])
    return "".join(kept)


def live_code(script: str) -> str:
    """A script without its comments (`//`, `/* */`, and `<!--`, which begins a line of comment there). What stands in quotes
    stays: addresses hold `//`. A quote that nobody closes ends the search on its line."""
    kept = []
    place = at = 0
    while mark := _CODE_MARK.search(script, at):
        start = mark.start()
        if mark[0] in _STRING_END:
            inside = _STRING_END[mark[0]].match(script, mark.end())
            at = inside.end() if inside else _line_end(script, start)
            continue
        if mark[0] == "//" and script[start - 1 : start] == ":":
            at = mark.end()
            continue
        if mark[0] == "-->" and script[max(0, start - 200) : start].rpartition("\n")[2].strip():
            at = mark.end()  # `while (n --> 0)`
            continue
        kept.append(script[place:start])
        if mark[0] == "/*":
            end = script.find("*/", mark.end())
            place = at = end + 2 if end >= 0 else len(script)
        else:
            place = at = _line_end(script, start)
    kept.append(script[place:])
    return " ".join(kept)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return end if end >= 0 else len(text)

"""A whole report, page and attachments → its figures: each table from the first source that has it. Pure."""

from collections.abc import Sequence

import msgspec

from crawler.page.text import parse
from monitor.figures.model import Document, Figures
from monitor.figures.national import extract_blocks


def read(text: str, documents: Sequence[Document] = ()) -> Figures:
    """The figures of a report whose page says `text` and which links `documents`."""
    found = extract_blocks(parse(text))
    for document in documents:
        if found.figures:
            break
        there = extract_blocks(document.blocks, document.source)
        if there.figures:
            figures = tuple(msgspec.structs.replace(one, url=document.url) for one in there.figures)
            found = Figures(there.form, figures, there.problems)
    return found

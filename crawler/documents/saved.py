"""Documents that an office program saved as a web page, plain or packed with its pictures (MHTML) → text with grids.

Portals offer both under the names of .doc and .xls. Pure. Pictures beside the page are not read: in a plain page they lie
elsewhere; in an MHTML file they are its bytes, which are compared where it has no text.
"""

import email
import email.policy

from crawler.documents.model import Content, Unreadable
from crawler.page import dom
from crawler.page.decode import decode
from crawler.page.flow import read_flow


def read_page(body: bytes, content_type: str = "") -> Content:
    """The text of a page. Raises Unreadable if it is no markup."""
    try:
        tree = dom.parse(decode(body, content_type))
    except ValueError as error:
        raise Unreadable(f"its markup cannot be read: {error}") from error
    return Content(tuple(piece.block for piece in read_flow(tree).pieces))


def read_mhtml(body: bytes) -> Content:
    """The text of an MHTML file's first page. Raises Unreadable if it holds none."""
    message = email.message_from_bytes(body.lstrip(b"\xef\xbb\xbf\r\n "), policy=email.policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            page = part.get_payload(decode=True)
            if isinstance(page, bytes) and page.strip():
                return read_page(page, str(part.get("Content-Type", "")))
    raise Unreadable("it holds no page")

"""Lines of a body that only lead elsewhere: to its documents, to other years' reports.

In: pieces of a page's flow. Out: the same without them. A document is an attachment, and its name no text; links to other reports grow
by one with each year, on every page. Pure.
"""

import re

from crawler.page.attachments import is_document_link
from crawler.page.beginnings import leaves
from crawler.page.flow import Flow, Piece
from crawler.page.labels import names_year

_FILE_HEAD = re.compile(r"(?:相关)?(?:附件|附表|附)(?:下载|列表)?[:：]?")
_FILE_REST = re.compile(
    r"(?:(?:相关|点击)?(?:附件|附表|附|下载|查看|文件)(?:下载|\d+|[一二三四五六七八九十]+)?|[\d一二三四五六七八九十]{1,3}|[:：.、．,，;；()（）\[\]【】|·\-]|"
    r"[\d.]+[kmg]?b|下载次数\d*|格式|类型|大小|pdf|docx?|xlsx?)*",
    re.I,
)
_OTHERS = re.compile(r"[【\[]?(?:往年|历年|歷年|历史|歷史|以往|其他年度|其它年度|更多|各年度|相关).{0,10}[】\]]?[:：]?")
"""What stands above links to other years' reports."""


def without_file_lines(pieces: list[Piece], flow: Flow, base: str) -> list[Piece]:
    """Without lines that are nothing but links to documents: those are attachments, and their names no text."""
    names: dict[int, list[str]] = {}
    for index, element, text in flow.links:
        if index < len(flow.pieces) and is_document_link(element, base):
            names.setdefault(id(flow.pieces[index]), []).append(text)
    kept: list[Piece] = []
    for piece in pieces:
        rest = piece.text
        for name in names.get(id(piece), []):
            rest = rest.replace(name, "", 1)
        if id(piece) in names and isinstance(piece.block, str) and _FILE_REST.fullmatch("".join(rest.split())):
            if kept and _FILE_HEAD.fullmatch("".join(kept[-1].text.split())):
                kept.pop()
            continue
        kept.append(piece)
    return kept


def without_other_reports(pieces: list[Piece]) -> list[Piece]:
    """Without lists of links to other pages' reports, a year a line: a new year makes one longer on every page."""
    linking = [piece.is_link and names_year(piece.text) and leaves(piece.element) for piece in pieces]
    kept: list[Piece] = []
    for index, piece in enumerate(pieces):
        if linking[index] and any(linking[max(0, index - 1) : index] + linking[index + 1 : index + 2]):
            if kept and _OTHERS.fullmatch("".join(kept[-1].text.split())):
                kept.pop()
            continue
        kept.append(piece)
    return kept

"""A report's body as editors paste it: out of Word (`word`), out of a WPS form (`wps`), or clean (`plain`).

In: a `Paper`. Out: HTML of its body. The three styles say the same text; a redesign goes from one to another.
"""

import re
from html import escape
from itertools import pairwise
from typing import Literal

from monitor.demo.forms import Cell, Dice, Grid
from monitor.demo.text import ANNEX, PICTURE, TABLES, Paper

Style = Literal["word", "wps", "plain"]

_RUNS = re.compile(r"[0-9.%]+|[^0-9.%]+")
_HEAD = re.compile(r"[一二三四五六七八九]、")
_BORDERS = ("windowtext", "black", "#000000")


def body_html(paper: Paper, style: Style = "word", beside: str = "./") -> str:
    """The body of `paper`. Documents and pictures are linked as `beside` + file name."""
    return "\n".join(_blocks(paper, style, beside))


def body_pages(paper: Paper, pages: int, style: Style = "word", beside: str = "./") -> list[str]:
    """The same cut into `pages` pages, between paragraphs and tables."""
    blocks = _blocks(paper, style, beside)
    bounds = [len(blocks) * page // pages for page in range(pages + 1)]
    return ["\n".join(blocks[first:last]) for first, last in pairwise(bounds)]


def _blocks(paper: Paper, style: Style, beside: str) -> list[str]:
    dice = Dice("markup", paper.organ, paper.year)
    parts = []
    for line in paper.paragraphs:
        if line in TABLES:
            parts.append(table_html(paper.table(line), style, dice))
        elif line == ANNEX:
            grid = tuple(tuple(Cell(text) for text in row) for row in paper.annex)
            parts.append(table_html(grid, style, dice))
        elif line.startswith(PICTURE):
            parts.append(_picture(paper, int(line.removeprefix(PICTURE)), style, beside))
        else:
            parts.append(paragraph_html(line, style, dice))
    return parts + [_document(document.file, document.label, style, beside) for document in paper.documents]


def paragraph_html(line: str, style: Style, dice: Dice) -> str:
    """One paragraph."""
    if style == "plain":
        tag = "h3" if _HEAD.match(line) else "p"
        return f"<{tag}>{escape(line)}</{tag}>"
    if style == "wps":
        return f'<p style="text-indent:2em;line-height:28pt;">&nbsp;&nbsp;&nbsp;&nbsp;{escape(line)}<br/></p>'
    face = "黑体" if _HEAD.match(line) else "仿宋_GB2312"
    return (
        '<p class="MsoNormal" style="text-indent:32.0pt;mso-char-indent-count:2.0;line-height:28.0pt;'
        f'mso-line-height-rule:exactly">{_spans(line, face, dice)}<span lang="EN-US" style="font-size:16.0pt">'
        "<o:p></o:p></span></p>"
    )


def _spans(line: str, face: str, dice: Dice) -> str:
    """`line` in the spans that Word makes: one for each run of digits, and one wherever somebody once paused."""
    out = []
    for run in _RUNS.findall(line):
        if run[0] in "0123456789.%":
            out.append(f'<span lang="EN-US" style="font-size:16.0pt;font-family:{face};mso-hansi-font-family:'
                       f'&quot;Times New Roman&quot;">{run}</span>')  # fmt: skip
            continue
        cut = dice.below(len(run) + 1) if len(run) > 12 else len(run)
        for piece in filter(None, (run[:cut], run[cut:])):
            out.append(f"<span style='font-size:16.0pt;font-family:{face};color:black'>{escape(piece)}</span>")
    return "".join(out)


def table_html(grid: Grid, style: Style, dice: Dice) -> str:
    """A table of the form."""
    rows = "\n".join("<tr>" + "".join(_cell(cell, style, dice) for cell in row) + "</tr>" for row in grid)
    if style == "plain":
        return f'<div class="table-wrap"><table class="report-table"><tbody>\n{rows}\n</tbody></table></div>'
    if style == "wps":
        look = 'cellspacing="0" width="100%" style="border-collapse:collapse;border:none"'
        return f"<table {look}><tbody>{rows}</tbody></table>"
    return (
        '<div align="center"><table class="MsoNormalTable" border="0" cellspacing="0" cellpadding="0" width="553" '
        'style="width:414.9pt;border-collapse:collapse;mso-yfti-tbllook:1184;mso-padding-alt:0cm 0cm 0cm 0cm">'
        f"<!--[if !supportMisalignedRows]--><tbody>\n{rows}\n</tbody></table></div>"
        '<p class="MsoNormal"><span lang="EN-US">&nbsp;</span></p>'
    )


def _cell(cell: Cell, style: Style, dice: Dice) -> str:
    spans = (f' rowspan="{cell.rows}"' if cell.rows > 1 else "") + (f' colspan="{cell.cols}"' if cell.cols > 1 else "")
    if style == "plain":
        return f"<td{spans}>{escape(cell.text)}</td>"
    border = _BORDERS[dice.below(3)]
    frame = f"border:solid {border} 1.0pt;mso-border-alt:solid {border} .5pt;padding:0cm 5.4pt 0cm 5.4pt"
    if style == "wps":
        return f'<td{spans} style="{frame}"><p style="text-align:center">&nbsp;{escape(cell.text)}&nbsp;</p></td>'
    half = len(cell.text) // 2 if 3 < len(cell.text) < 7 and not cell.text[0].isdigit() else len(cell.text)
    lines = [cell.text[:half], cell.text[half:]] if half < len(cell.text) else [cell.text]
    inner = "<br/>\n".join(escape(line) for line in lines)
    return (
        f'<td width="{dice.between(37, 95)}"{spans} style="{frame};height:{dice.between(19, 31)}.75pt">'
        f'<p class="MsoNormal" align="center" style="text-align:center;mso-pagination:widow-orphan"><span style='
        f'"font-size:10.0pt;font-family:宋体;mso-bidi-font-family:宋体">{inner}</span>'
        '<span lang="EN-US"><o:p></o:p></span></p></td>'
    )


def _picture(paper: Paper, number: int, style: Style, beside: str) -> str:
    picture = paper.pictures[number]
    old = f' OLDSRC="{picture.name}" oldsrc="{picture.name}"' if style == "word" else ""
    return (
        f'<p align="center" style="text-align:center"><img src="{beside}{picture.name}" border="0" alt=""{old} '
        f'style="width:360px"/></p>\n<p align="center" style="text-align:center">{escape(picture.caption)}</p>'
    )


def _document(file: str, label: str, style: Style, beside: str) -> str:
    extra = f' appendix="true" needdownload="true" download="{escape(label)}" OLDSRC="/protect/{file}"'
    return f'<p><a href="{beside}{file}"{extra if style == "word" else ""} target="_blank">{escape(label)}</a></p>'

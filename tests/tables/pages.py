"""A whole page of a portal: chrome, title, chapters, and the tables among them."""

import random

from tests.tables.arrange import Block
from tests.tables.look import Look
from tests.tables.markup import table_html

_HEAD = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}_某某县人民政府</title>
<meta name="ArticleTitle" content="{title}"><meta name="PubDate" content="{published}"></head><body>
<div class="nav"><a href="/">首页</a><a href="/zwgk/">政务公开</a><a href="/hd/">互动交流</a></div>
<h1>{title}</h1><p>发布时间：{published} 来源：某某县水利局 浏览次数：{seen}</p>
"""
_FOOT = """<div class="foot"><p>主办：某某县人民政府 备案号：京ICP备05083640号</p></div></body></html>"""
_BEFORE = (
    "根据《中华人民共和国政府信息公开条例》的规定，编制本报告。",
    "一、总体情况",
    "我局认真贯彻落实上级关于政务公开的工作部署，做好主动公开和依申请公开工作，及时回应社会关切。",
)
_BEHIND = (
    "五、存在的主要问题及改进情况",
    "信息公开的形式还不够丰富，下一步将加强业务培训，提高工作人员的业务水平。",
    "六、其他需要报告的事项",
    "没有其他需要报告的事项。",
)


def page(rng: random.Random, blocks: list[Block], look: Look, year: int) -> bytes:
    """The bytes that a portal answers with. `blocks` is the article from 二 to 四; a str that begins with < is markup."""
    title = f"某某县水利局{year}年政府信息公开工作年度报告"
    published = f"{year + 1}-01-{rng.randrange(10, 31)}"
    article = "\n".join(_markup(rng, block, look) for block in (*_BEFORE, *blocks, *_BEHIND))
    if look.nested == "deep":
        layout = "<td width=180><ul><li><a href='/a/'>机构概况</a></li><li><a href='/b/'>政策文件</a></li></ul></td>"
        article = f"<table><tr><td><table><tr>{layout}<td valign=top>{article}</td></tr></table></td></tr></table>"
    head = _HEAD.format(title=title, published=published, seen=rng.randrange(9999))
    return f"{head}<div class='{rng.choice(['con', 'TRS_Editor', 'x1'])}'>{article}</div>{_FOOT}".encode()


def _markup(rng: random.Random, block: Block, look: Look) -> str:
    if isinstance(block, str):
        return block if block.startswith("<") else f"<p>　　{block}</p>"
    html = table_html(rng, block, look)
    if look.nested == "layout":
        return f"<table width='100%'><tr><td align=center>{html}</td></tr></table>"
    return f"<div align='center'>{html}</div>" if rng.random() < 0.3 else html

"""A page's text is the same in every encoding, whatever header and meta tag claim."""

import pytest

from crawler.page.decode import decode

TEXT = "<html><body>临海市人民政府2024年政府信息公开工作年度报告，收到申请248件。</body></html>"


@pytest.mark.parametrize("label", ["", "utf-8", "gbk", "gb2312", "big5", "iso-8859-1", "no-such-charset"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_text_decides_and_no_label(encoding: str, label: str) -> None:
    assert decode(TEXT.encode(encoding), f"text/html; charset={label}") == TEXT

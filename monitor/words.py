"""Words of a message's first line, by `service.language`; the rest is Chinese, as the reports are."""

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "baseline": "建立基线",
        "appeared": "年报公开",
        "changed": "年报变更",
        "taken_down": "年报撤下",
        "restored": "年报恢复",
        "moved": "年报迁移",
        "delisted": "移出栏目",
        "relisted": "重新列入栏目",
        "overdue": "逾期未公开",
        "portal_down": "门户无法读取",
        "portal_broken": "门户异常",
        "portal_recovered": "门户恢复",
        "service": "运行提示",
        "finding": "核对问题",
        "retraction": "更正",
        "daily": "年报日报",
        "hourly": "年报时报",
        "digest": "年报汇总",
        "duplicate": "可能重复",
        "test": "测试",
    },
    "en": {
        "baseline": "Baseline",
        "appeared": "Published",
        "changed": "Changed",
        "taken_down": "Taken down",
        "restored": "Restored",
        "moved": "Moved",
        "delisted": "Delisted",
        "relisted": "Relisted",
        "overdue": "Overdue",
        "portal_down": "Portal down",
        "portal_broken": "Portal broken",
        "portal_recovered": "Portal recovered",
        "service": "Service",
        "finding": "Finding",
        "retraction": "Correction",
        "daily": "Daily digest",
        "hourly": "Hourly digest",
        "digest": "Digest",
        "duplicate": "possibly a repeat",
        "test": "Test",
    },
}


def read_from(source: str, confidence: float) -> str:
    """What a reader must know of where a figure was read; empty where it stands on the page."""
    if source == "ocr":
        return f"OCR 识别（置信度 {confidence:.2f}）"
    return "见附件" if source in ("pdf", "docx") else ""

"""A data package (https://datapackage.org, version 2): the descriptor with its dictionary, and a note for those who use it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from monitor.export.columns import Column, Table
from monitor.export.writers import MEDIA_TYPES, Format

FORMATS: tuple[Format, ...] = ("csv", "parquet")
"""csv is what every validator reads; parquet keeps types without being told."""
NOTICE = "NOTICE.md"
_NOTICE = """# 使用说明

数据摘自各级行政机关依《中华人民共和国政府信息公开条例》公开的政府信息公开工作年度报告，由 nianbao 读取整理。

- 原报告及其文字归发布机关；引用时请注明发布机关、报告年度和原网址（每行的“网址”）。
- 本数据不附加任何许可，也不作任何保证：数值以发布机关公布的原文为准。“置信度”低于 1 的数值由程序识别或推断，用前请核对原文。
- 空值不是 0：空值表示该格空白、填“/”或“—”，或者没有读到。
- CSV 为 UTF-8 编码。以 = + - @ 开头而不是数字的文字，前面加了一个 '，以免被表格软件当作公式。
"""
_GUARDED = "以 = + - @ 开头而不是数字的文字前加了一个 '"


class Written(msgspec.Struct, frozen=True):
    """A file of the package."""

    table: Table
    file: str
    rows: int
    size: int
    sha256: str


def notice() -> str:
    return _NOTICE


def descriptor(
    files: Sequence[Written],
    form: Format,
    created: str,
    sources: Sequence[Mapping[str, str]],
    filters: Mapping[str, str],
) -> dict[str, Any]:
    """datapackage.json. `created` is a UTC time; `filters`: what narrows the data, as it was asked for."""
    names = {one.table.name for one in files}
    told = "政府信息公开工作年度报告：统计数据、核对问题和变更记录。\n\n"
    told += (
        f"选取条件：{'，'.join(f'{key} = {value}' for key, value in filters.items())}。"
        if filters
        else "未加选取条件。"
    )
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "nianbao",
        "title": "政府信息公开工作年度报告数据",
        "description": told,
        "created": created,
        "keywords": ["政府信息公开", "年度报告", "依申请公开"],
        "licenses": [{"path": NOTICE, "title": "公开信息，注明出处；不附加许可"}],
        "sources": [dict(one) for one in sources],
        "resources": [_resource(one, form, names) for one in files],
    }


def _resource(one: Written, form: Format, names: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one.table.name,
        "type": "table",
        "title": one.table.title,
        "description": one.table.description,
        "path": one.file,
        "format": form,
        "mediatype": MEDIA_TYPES[form],
        "bytes": one.size,
        "hash": f"sha256:{one.sha256}",
        "rows": one.rows,
    }
    if form == "csv":
        told["encoding"] = "utf-8"
    told["schema"] = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_field(column, form) for column in one.table.columns],
        "missingValues": [""],
        "primaryKey": list(one.table.key),
    }
    keys = [
        {"fields": [key.column], "reference": {"resource": key.table, "fields": [key.key]}}
        for key in one.table.references
        if key.table in names
    ]
    if keys:
        told["schema"]["foreignKeys"] = keys
    return told


def _field(column: Column, form: Format) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "title": column.name,
        "description": column.description,
    }
    if column.unit:
        told["unit"] = column.unit
        told["description"] += f"。单位：{column.unit}"
    if column.code:
        told["code"] = column.code
        told["description"] += f"。指标代码：{column.code}"
    if column.verbatim:
        told["missingValues"] = []
    if form == "csv" and column.type == "string" and not column.values:
        told["description"] += f"。{_GUARDED}"
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.values:
        constraints["enum"] = list(column.values)
    if constraints:
        told["constraints"] = constraints
    return told

"""How a survey and its proposal are shown to a person."""

import click

from crawler.page import titles
from crawler.scout.survey_model import Survey
from monitor.cli.common import Context, say, tell
from monitor.store import Row

_SHOWN = 40
"""Listed reports that are shown; --json has all."""
_MARKS = {"error": "!!", "warning": "! ", "info": "  "}


def print_proposal(context: Context, survey: Survey, name: str, text: str, *, failed: bool) -> None:
    """What was found and why, for a person. `text`: the file that is proposed, or ""; `failed`: there is no proposal, or none that
    can be taken."""
    tell(f"{survey.url} → {name}" if text else survey.url)
    if survey.family:
        click.echo()
        tell(f"family {survey.family}, {survey.score:.2f}")
        for one in survey.evidence[:5]:
            tell(f"  {one.what}" + (f": “{one.quote}”" if one.quote else ""))
        compared = [f"{one.family} {one.links}" for one in survey.compared]
        if len(compared) > 1:
            tell(f"  report links on the first pages, by family: {', '.join(compared)}")
    for section in survey.sections:
        read = (
            "all of the list" if section.complete else section.reason or "the list goes on: a crawl reads it to its end"
        )
        what = (
            "it is a report itself"
            if section.is_report and not section.links
            else f"{section.links} report links on {section.pages} pages"
        )
        click.echo()
        tell(f"section {section.url}" + (f"  {section.title}" if section.title else ""))
        tell(f"  found: {section.how}; {what}; {read}")
        if section.columns:
            tell(f"  year columns: {', '.join(str(year) for year, _ in section.columns)}")
    for one in survey.selected:
        tell(f"  selector: {one.what}" + (f": “{one.quote}”" if one.quote else ""))
    if survey.others:
        click.echo()
        tell("not in the proposal, but named like annual reports' columns:")
        for url, title in survey.others:
            tell(f"  {title}  {url}")
    rows = _reports(survey)
    if rows:
        click.echo()
        tell(f"reports that a crawl would find ({len(rows)} seen, {len(survey.reports)} of them read):")
        columns = {"year": "年度", "organ": "机关", "title": "标题", "date": "日期", "read": "读取"}
        context.show(rows[:_SHOWN], columns, "")
        if len(rows) > _SHOWN:
            tell(f"  … and {len(rows) - _SHOWN} more")
    if survey.notes:
        click.echo()
        tell("notes:")
        for note in sorted(survey.notes, key=lambda note: ("error", "warning", "info").index(note.severity)):
            tell(f"{_MARKS[note.severity]}{note.detail}")
    if failed and survey.tried:
        click.echo()
        tell("tried:")
        for tried in survey.tried[:20]:
            tell(f"  {tried.url}: {tried.said}" + (f" ({tried.why})" if tried.why else ""))
    if text:
        click.echo()
        tell(f"portals/{name}.toml:")
        click.echo()
        say("\n".join(f"    {line}".rstrip() for line in text.splitlines()))
        click.echo()


def _reports(survey: Survey) -> list[Row]:
    """What lists name and what was read, a row each, newest first."""
    rows: dict[str, Row] = {}
    for listed in survey.listed:
        if listed.kind == "report":
            said = titles.classify(listed.title)
            row = {"year": said.year, "organ": said.organ, "title": listed.title, "date": listed.date, "read": ""}
            rows[listed.url] = row
    for number, report in enumerate(survey.reports):
        if report.reading != "present":
            if report.url in rows:
                rows[report.url]["read"] = report.marker or report.reading
            continue
        key = report.url if report.url in rows and not rows[report.url]["read"] else f"{report.url}#{number}"
        lacks = f", 缺 {'、'.join(report.missing)}" if report.missing else ""
        read = f"{report.characters} 字, {report.tables} 表, {report.attachments} 附件{lacks}"
        rows[key] = {
            "year": report.year,
            "organ": report.organ,
            "title": report.title,
            "date": report.published_on,
            "read": read,
        }
    return sorted(rows.values(), key=lambda row: (row["year"] or 0, row["date"]), reverse=True)

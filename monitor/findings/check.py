"""All that does not add up in a report: each concern has a module of its own. Pure.

A finding speaks only where the report itself, or the year before, proves it; a hint (`info`) is worth a look and alerts
nobody. Late publication is monitor.legal's, and two pages of one organ and year are monitor.ledger's.
"""

from collections.abc import Iterator, Mapping

from monitor.findings.model import Earlier, Finding, Subject

RULES = frozenset(
    {
        "clone_words", "same_text", "similar_text", "impossible_period", "wrong_period", "published_early", "stale_year",
        "foreign_organ", "wrong_form", "obsolete_notice", "missing_table", "thin_chapter", "table3_column", "table3_handled",
        "table3_row", "table4_total", "carried_over", "in_force", "unit_slip", "year_jump", "prose_table", "fee_notices",
        "source_conflict", "table_damaged", "doubtful_ocr",
    }
)  # fmt: skip
"""Everything that `check` says: it follows from what is stored, and is found again from that at any time."""


def check(
    subject: Subject, earlier: Earlier | None = None, others: Mapping[int, str] | None = None
) -> tuple[Finding, ...]:
    """All findings of one report, most telling first. `others`: `body_key` of the same organ's other reports, by year."""
    found = tuple(_found(subject, earlier, others or {}))
    return (*(one for one in found if one.severity != "info"), *(one for one in found if one.severity == "info"))


def _found(subject: Subject, earlier: Earlier | None, others: Mapping[int, str]) -> Iterator[Finding]:
    # By the first report that is looked at: a pass over reports that have not changed looks at none.
    from monitor.findings import chapters, copies, foreign, period, prose, spliced, stale, structure, tables, years

    year, figures = subject.year, subject.figures
    lines = chapters.folded(subject.text)
    parts = chapters.chapters(lines)
    yield from spliced.clone_words(lines, subject.names)
    yield from copies.same_text(subject.text, year, others)
    yield from period.period(lines, year)
    yield from stale.stale_year(parts, year)
    yield from foreign.foreign_organ(parts, subject.names)
    yield from period.dated(year, subject.published_on)
    yield from tables.wrong_form(figures, year)
    yield from tables.identities(figures)
    if earlier is not None:
        yield from years.across(subject, earlier)
    yield from prose.against_tables(figures, parts)
    yield from tables.conflicts(figures)
    yield from structure.structure(subject, parts)
    yield from tables.damaged(figures)
    yield from tables.doubtful(figures)
    if earlier is not None:
        yield from copies.similar_text(subject.text, year, earlier)

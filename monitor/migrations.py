"""The record's schema: ordered migrations, append-only. One that has landed is never edited.

Tables and columns that docs/database.md names are stable; the others are ours. Times are UTC `YYYY-MM-DDTHH:MM:SSZ`.

Light to import, as every start pays for it: what a migration is made with is imported only where there is one to be made.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

Step = Callable[["Database"], None]


class Steps:
    """Migrations in their order; sqlite_utils makes them, and keeps account of those that a record has had."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._steps: list[Step] = []

    def __call__(self) -> Callable[[Step], Step]:
        """Decorates one, called by its function's name."""

        def added(step: Step) -> Step:
            self._steps.append(step)
            return step

        return added

    @property
    def names(self) -> list[str]:
        return [step.__name__ for step in self._steps]

    def all(self) -> "Migrations":
        from sqlite_utils import Migrations

        made = Migrations(self.name)
        for step in self._steps:
            made()(step)
        return made

    def apply(self, db: "Database", *, stop_before: str | Iterable[str] | None = None) -> None:
        """Makes those that a record has not had yet."""
        self.all().apply(db, stop_before=stop_before)


migrations = Steps("nianbao")

_TABLES = """
CREATE TABLE portals (
    name TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    family TEXT NOT NULL,
    region TEXT NOT NULL DEFAULT '',
    level TEXT NOT NULL DEFAULT '',
    organ TEXT NOT NULL DEFAULT '',
    health TEXT NOT NULL DEFAULT 'new' CHECK (health IN ('new', 'ok', 'blocked', 'down', 'broken')),
    last_crawl INTEGER REFERENCES crawls(id),
    muted_until TEXT,
    last_complete_at TEXT,             -- end of the last pass that read every section to its end
    empty_passes INTEGER NOT NULL DEFAULT 0,  -- passes in a row that read nothing at all
    down_said INTEGER NOT NULL DEFAULT 0,     -- portal_down was said and not yet recovered
    broken_said INTEGER NOT NULL DEFAULT 0,
    mass_since TEXT,                   -- since when too much of the portal is gone at once
    delist_since TEXT                 -- the same for what its sections list
) STRICT;

CREATE TABLE organs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    portal TEXT NOT NULL REFERENCES portals(name),
    name TEXT NOT NULL,
    aliases TEXT NOT NULL DEFAULT '[]',       -- JSON: other names, with the years they were seen in
    kind TEXT NOT NULL,
    since INTEGER,
    until INTEGER,
    declared INTEGER NOT NULL DEFAULT 0,      -- 1: named by the portal file
    UNIQUE (portal, name)
) STRICT;

CREATE TABLE crawls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    portal TEXT NOT NULL REFERENCES portals(name),
    mode TEXT NOT NULL CHECK (mode IN ('full', 'discover', 'recheck')),
    started_at TEXT NOT NULL,
    finished_at TEXT,
    outcome TEXT CHECK (outcome IN ('ok', 'cut_short', 'failed', 'killed')),
    requests INTEGER NOT NULL DEFAULT 0,
    responses INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    reports_seen INTEGER NOT NULL DEFAULT 0,
    detail TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX crawls_by_portal ON crawls (portal, id);

CREATE TABLE sections (
    portal TEXT NOT NULL REFERENCES portals(name),
    url TEXT NOT NULL,                 -- as the portal file has it
    active INTEGER NOT NULL DEFAULT 1, -- 0: no longer in the portal file
    first_complete_crawl INTEGER REFERENCES crawls(id),
    last_complete_crawl INTEGER REFERENCES crawls(id),
    last_links INTEGER NOT NULL DEFAULT 0,    -- report links of the last reading that had any
    broken INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (portal, url)
) STRICT;

CREATE TABLE links (
    portal TEXT NOT NULL REFERENCES portals(name),
    section TEXT NOT NULL,
    url TEXT NOT NULL,                 -- normalised (crawler.page.address)
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    date TEXT NOT NULL DEFAULT '',
    year INTEGER,
    first_crawl INTEGER NOT NULL REFERENCES crawls(id),
    changed_crawl INTEGER NOT NULL REFERENCES crawls(id),  -- the pass that listed or delisted it last
    listed INTEGER NOT NULL DEFAULT 1, -- 0: the section, read completely, no longer lists it
    baseline INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (portal, section, url)
) STRICT;
CREATE INDEX links_by_url ON links (portal, url);

CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    portal TEXT NOT NULL REFERENCES portals(name),
    organ_id INTEGER NOT NULL REFERENCES organs(id),
    organ TEXT NOT NULL,               -- as printed
    year INTEGER NOT NULL,
    variant INTEGER NOT NULL DEFAULT 0,
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'live' CHECK (status IN ('live', 'missing', 'taken_down')),
    listed INTEGER CHECK (listed IN (0, 1)),
    published_on TEXT NOT NULL DEFAULT '',
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    last_verified_at TEXT NOT NULL,
    missing_since TEXT,
    misses INTEGER NOT NULL DEFAULT 0,
    weak_misses INTEGER NOT NULL DEFAULT 0,   -- of those, readings that need one more confirmation
    unlisted_since TEXT,
    last_reading TEXT NOT NULL DEFAULT 'present',
    unverified_said INTEGER NOT NULL DEFAULT 0,
    current_version INTEGER REFERENCES versions(id),
    detail TEXT NOT NULL DEFAULT '{}',
    UNIQUE (portal, organ_id, year, variant)
) STRICT;

CREATE TABLE pages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    portal TEXT NOT NULL REFERENCES portals(name),
    url TEXT NOT NULL,
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    body_hash TEXT NOT NULL DEFAULT '',
    rules TEXT NOT NULL DEFAULT '',
    UNIQUE (portal, url)
) STRICT;

CREATE TABLE page_reports (
    page INTEGER NOT NULL REFERENCES pages(id),
    report INTEGER NOT NULL REFERENCES reports(id),
    role TEXT NOT NULL CHECK (role IN ('primary', 'view', 'attachment', 'former')),
    text_hash TEXT NOT NULL DEFAULT '',       -- of the report as this page shows it, attachments aside
    absent TEXT NOT NULL DEFAULT '' CHECK (absent IN ('', 'gone', 'weak_gone', 'overwritten')),
                                       -- the page was last read present, but without this report
    misses INTEGER NOT NULL DEFAULT 0,        -- an attachment's readings `gone` in a row
    missing_since TEXT,
    PRIMARY KEY (page, report)
) STRICT;
CREATE INDEX page_reports_by_report ON page_reports (report);

CREATE TABLE companions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    portal TEXT NOT NULL REFERENCES portals(name),
    report INTEGER REFERENCES reports(id),
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    UNIQUE (portal, url)
) STRICT;

CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report INTEGER NOT NULL REFERENCES reports(id),
    seq INTEGER NOT NULL,
    crawl INTEGER NOT NULL REFERENCES crawls(id),
    captured_at TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    rules TEXT NOT NULL,
    title TEXT NOT NULL,
    organ TEXT NOT NULL,
    source TEXT NOT NULL,
    published_on TEXT NOT NULL,
    url TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    text TEXT NOT NULL,                -- paragraphs and `| table | rows |` (crawler.page.text)
    significance TEXT NOT NULL CHECK (significance IN ('first', 'content', 'cosmetic', 'rebaseline')),
    archive_ref TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    strict_hash TEXT NOT NULL,         -- canonical content without script folding
    page_hash TEXT NOT NULL,           -- SHA-256 of the page's own bytes, without attachments
    page_text_hash TEXT NOT NULL,      -- Report.text_hash, without attachments
    body_key TEXT NOT NULL,            -- what bodies with the same visible text share; empty: too short to tell
    UNIQUE (report, seq)
) STRICT;

CREATE INDEX versions_by_content ON versions (content_hash);
CREATE INDEX versions_by_body ON versions (body_key);

CREATE TABLE attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL REFERENCES versions(id),
    url TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL DEFAULT '',
    sha256 TEXT NOT NULL DEFAULT '',   -- empty: it could not be read yet
    size INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL DEFAULT '',
    text_hash TEXT NOT NULL DEFAULT '',       -- of the canonical text, else of the pixels, else of the bytes
    pixels TEXT NOT NULL DEFAULT '',          -- SHA-256 of a picture's decoded pixels
    kind TEXT NOT NULL DEFAULT 'document',
    archive_ref TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX attachments_by_version ON attachments (version);

CREATE TABLE readings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report INTEGER NOT NULL REFERENCES reports(id),
    crawl INTEGER NOT NULL REFERENCES crawls(id),
    reading TEXT NOT NULL,
    http_status INTEGER NOT NULL DEFAULT 0,
    final_url TEXT NOT NULL DEFAULT '',
    marker TEXT NOT NULL DEFAULT '',
    archive_ref TEXT NOT NULL DEFAULT '',
    counted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX readings_by_report ON readings (report, crawl);

CREATE TABLE figures (
    version INTEGER NOT NULL REFERENCES versions(id),
    field TEXT NOT NULL,
    value REAL,
    raw TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('html', 'pdf', 'docx', 'ocr', 'prose')),
    confidence REAL NOT NULL DEFAULT 1.0,
    PRIMARY KEY (version, field)
) STRICT;

CREATE TABLE findings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER REFERENCES versions(id),
    crawl INTEGER REFERENCES crawls(id),
    url TEXT NOT NULL DEFAULT '',
    rule TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX findings_by_version ON findings (version);
CREATE INDEX findings_by_crawl ON findings (crawl);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('baseline', 'appeared', 'changed', 'taken_down', 'restored', 'moved', 'delisted',
        'relisted', 'overdue', 'portal_down', 'portal_broken', 'portal_recovered', 'service', 'finding')),
    portal TEXT REFERENCES portals(name),
    report INTEGER REFERENCES reports(id),
    organ TEXT,
    year INTEGER,
    title TEXT,
    url TEXT,
    detected_at TEXT NOT NULL,
    crawl INTEGER REFERENCES crawls(id),
    from_version INTEGER REFERENCES versions(id),
    to_version INTEGER REFERENCES versions(id),
    baseline INTEGER NOT NULL DEFAULT 0,
    summary TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}',
    retracted_at TEXT
) STRICT;
CREATE INDEX events_by_time ON events (detected_at);
CREATE INDEX events_by_report ON events (report);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event INTEGER NOT NULL REFERENCES events(id),
    channel TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'held', 'sending', 'sent', 'failed', 'dead', 'skipped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT NOT NULL,
    last_error TEXT NOT NULL DEFAULT '',
    sent_at TEXT,
    message TEXT NOT NULL DEFAULT '',  -- deliveries with one value here go out as one message
    purpose TEXT NOT NULL DEFAULT 'event' CHECK (purpose IN ('event', 'retraction')),
    UNIQUE (event, channel, purpose)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (state, next_attempt_at);
"""

_VIEWS = """
CREATE VIEW 年报一览 AS
SELECT r.id AS 编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, r.title AS 标题,
       CASE r.status WHEN 'live' THEN '在线' WHEN 'missing' THEN '待确认' ELSE '已撤下' END AS 状态,
       CASE r.listed WHEN 1 THEN '是' WHEN 0 THEN '否' END AS 栏目列出,
       r.published_on AS 公开日期, r.first_seen_at AS 首次发现, r.last_verified_at AS 最后核实,
       v.seq AS 版本, v.content_hash AS 内容哈希, r.url AS 网址
FROM reports r JOIN portals p ON p.name = r.portal JOIN organs o ON o.id = r.organ_id
LEFT JOIN versions v ON v.id = r.current_version;

CREATE VIEW 变更记录 AS
SELECT e.id AS 编号, e.detected_at AS 发现时间,
       CASE e.kind WHEN 'baseline' THEN '建立基线' WHEN 'appeared' THEN '公开' WHEN 'changed' THEN '变更'
            WHEN 'taken_down' THEN '撤下' WHEN 'restored' THEN '恢复' WHEN 'moved' THEN '迁移'
            WHEN 'delisted' THEN '移出栏目' WHEN 'relisted' THEN '重新列入' WHEN 'overdue' THEN '逾期'
            WHEN 'portal_down' THEN '门户无法读取' WHEN 'portal_broken' THEN '门户异常'
            WHEN 'portal_recovered' THEN '门户恢复' WHEN 'service' THEN '运行提示' ELSE '核对问题' END AS 类型,
       p.title AS 门户, e.organ AS 机关, e.year AS 年度, e.title AS 标题, e.summary AS 摘要,
       CASE e.baseline WHEN 1 THEN '是' ELSE '否' END AS 基线, e.url AS 网址, e.retracted_at AS 撤回时间
FROM events e LEFT JOIN portals p ON p.name = e.portal;

CREATE VIEW 统计数据 AS
SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, f.field AS 指标代码, f.value AS 数值,
       f.raw AS 原文, f.source AS 来源, f.confidence AS 置信度
FROM reports r JOIN figures f ON f.version = r.current_version JOIN organs o ON o.id = r.organ_id
JOIN portals p ON p.name = r.portal;

CREATE VIEW 逾期未公开 AS
SELECT e.id AS 编号, p.title AS 门户, e.organ AS 机关, e.year AS 年度,
       json_extract(e.detail, '$.due_on') AS 法定期限, e.detected_at AS 发现时间
FROM events e JOIN portals p ON p.name = e.portal WHERE e.kind = 'overdue' AND e.retracted_at IS NULL;

CREATE VIEW 门户健康 AS
SELECT p.name AS 代号, p.title AS 门户,
       CASE p.health WHEN 'new' THEN '未读取' WHEN 'ok' THEN '正常' WHEN 'blocked' THEN '被拦截'
            WHEN 'down' THEN '无法读取' ELSE '栏目异常' END AS 状态,
       c.finished_at AS 最近一次, c.outcome AS 结果, p.last_complete_at AS 最近完整读取, p.muted_until AS 静音至,
       (SELECT count(*) FROM reports r WHERE r.portal = p.name AND r.status = 'live') AS 在线年报,
       (SELECT count(*) FROM reports r WHERE r.portal = p.name AND r.status = 'missing') AS 待确认,
       (SELECT count(*) FROM reports r WHERE r.portal = p.name AND r.status = 'taken_down') AS 已撤下
FROM portals p LEFT JOIN crawls c ON c.id = p.last_crawl;
"""

_RULES = """
ALTER TABLE pages ADD COLUMN archive_ref TEXT NOT NULL DEFAULT '';     -- the response that was last read present with new text
ALTER TABLE pages ADD COLUMN reread TEXT NOT NULL DEFAULT '';          -- rules under which its capture was last read again
ALTER TABLE pages ADD COLUMN beside TEXT NOT NULL DEFAULT '[]';        -- JSON: keys of reports that those rules show on it besides
ALTER TABLE page_reports ADD COLUMN unread TEXT NOT NULL DEFAULT '';   -- what those rules make of the capture, where not this report
ALTER TABLE attachments ADD COLUMN extractor TEXT NOT NULL DEFAULT ''; -- what its text was extracted with
ALTER TABLE sections ADD COLUMN rules TEXT NOT NULL DEFAULT '';        -- what read its last complete listing
ALTER TABLE portals ADD COLUMN rendered INTEGER NOT NULL DEFAULT 0;   -- 1: its pages were last read with a browser at hand
ALTER TABLE links ADD COLUMN unfound INTEGER NOT NULL DEFAULT 0;      -- 1: by today's rules its section does not show it
ALTER TABLE versions ADD COLUMN reread_of INTEGER REFERENCES versions(id);
"""
"""Reading stored captures again under other rules (docs/lifecycle.md, rule 12)."""


_EVIDENCE = """
CREATE TABLE section_readings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    portal TEXT NOT NULL REFERENCES portals(name),
    crawl INTEGER NOT NULL REFERENCES crawls(id),
    section TEXT NOT NULL,             -- as the portal file has it
    url TEXT NOT NULL,                 -- the column of it that was read
    complete INTEGER NOT NULL,
    broken INTEGER NOT NULL DEFAULT 0, -- the section lists nothing where it used to
    is_report INTEGER NOT NULL DEFAULT 0,     -- the page is itself a report
    pages INTEGER NOT NULL DEFAULT 0,
    links INTEGER NOT NULL DEFAULT 0,  -- report links
    status INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',   -- why it is not complete
    captures TEXT NOT NULL DEFAULT '[]'       -- JSON: references to the responses, in order
) STRICT;
CREATE INDEX section_readings_by_crawl ON section_readings (crawl);
CREATE INDEX section_readings_by_portal ON section_readings (portal, url);

CREATE TABLE corrections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report INTEGER NOT NULL REFERENCES reports(id),
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    from_organ TEXT NOT NULL,
    to_organ TEXT NOT NULL,
    from_year INTEGER NOT NULL,
    to_year INTEGER NOT NULL,
    before TEXT NOT NULL DEFAULT '{}', -- JSON: reports.detail as it was
    swapped_with INTEGER REFERENCES corrections(id),  -- the other half of an exchange
    undone_at TEXT,
    undone_by TEXT
) STRICT;
CREATE INDEX corrections_by_report ON corrections (report);

ALTER TABLE reports ADD COLUMN withdrawn_at TEXT;                      -- an operator found it to be no report at all
ALTER TABLE portals ADD COLUMN silent_recovery INTEGER NOT NULL DEFAULT 0; -- "down" was retracted: its end is not told

DROP VIEW 年报一览;
CREATE VIEW 年报一览 AS
SELECT r.id AS 编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, r.title AS 标题,
       CASE r.status WHEN 'live' THEN '在线' WHEN 'missing' THEN '待确认' ELSE '已撤下' END AS 状态,
       CASE r.listed WHEN 1 THEN '是' WHEN 0 THEN '否' END AS 栏目列出,
       r.published_on AS 公开日期, r.first_seen_at AS 首次发现, r.last_verified_at AS 最后核实,
       v.seq AS 版本, v.content_hash AS 内容哈希, r.url AS 网址
FROM reports r JOIN portals p ON p.name = r.portal JOIN organs o ON o.id = r.organ_id
LEFT JOIN versions v ON v.id = r.current_version WHERE r.withdrawn_at IS NULL;

DROP VIEW 变更记录;
CREATE VIEW 变更记录 AS
SELECT e.id AS 编号, e.detected_at AS 发现时间,
       CASE e.kind WHEN 'baseline' THEN '建立基线' WHEN 'appeared' THEN '公开' WHEN 'changed' THEN '变更'
            WHEN 'taken_down' THEN '撤下' WHEN 'restored' THEN '恢复' WHEN 'moved' THEN '迁移'
            WHEN 'delisted' THEN '移出栏目' WHEN 'relisted' THEN '重新列入' WHEN 'overdue' THEN '逾期'
            WHEN 'portal_down' THEN '门户无法读取' WHEN 'portal_broken' THEN '门户异常'
            WHEN 'portal_recovered' THEN '门户恢复' WHEN 'service' THEN '运行提示' ELSE '核对问题' END AS 类型,
       p.title AS 门户, e.organ AS 机关, e.year AS 年度, e.title AS 标题, e.summary AS 摘要,
       CASE e.baseline WHEN 1 THEN '是' ELSE '否' END AS 基线, e.url AS 网址, e.retracted_at AS 撤回时间,
       json_extract(e.detail, '$.retracted_why') AS 撤回原因
FROM events e LEFT JOIN portals p ON p.name = e.portal;

DROP VIEW 统计数据;
CREATE VIEW 统计数据 AS
SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, f.field AS 指标代码, f.value AS 数值,
       f.raw AS 原文, f.source AS 来源, f.confidence AS 置信度
FROM reports r JOIN figures f ON f.version = r.current_version JOIN organs o ON o.id = r.organ_id
JOIN portals p ON p.name = r.portal WHERE r.withdrawn_at IS NULL;

DROP VIEW 门户健康;
CREATE VIEW 门户健康 AS
SELECT p.name AS 代号, p.title AS 门户,
       CASE p.health WHEN 'new' THEN '未读取' WHEN 'ok' THEN '正常' WHEN 'blocked' THEN '被拦截'
            WHEN 'down' THEN '无法读取' ELSE '栏目异常' END AS 状态,
       c.finished_at AS 最近一次, c.outcome AS 结果, p.last_complete_at AS 最近完整读取, p.muted_until AS 静音至,
       (SELECT count(*) FROM reports r WHERE r.portal = p.name AND r.withdrawn_at IS NULL AND r.status = 'live') AS 在线年报,
       (SELECT count(*) FROM reports r WHERE r.portal = p.name AND r.withdrawn_at IS NULL AND r.status = 'missing') AS 待确认,
       (SELECT count(*) FROM reports r WHERE r.portal = p.name AND r.withdrawn_at IS NULL AND r.status = 'taken_down') AS 已撤下
FROM portals p LEFT JOIN crawls c ON c.id = p.last_crawl;
"""
"""What lists said, what an operator set right or took back; the views that show it."""

_ARTICLES = """
CREATE TABLE page_parts (
    page INTEGER NOT NULL REFERENCES pages(id),   -- of the article's first part
    seq INTEGER NOT NULL,              -- from 2
    url TEXT NOT NULL,
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    body_hash TEXT NOT NULL DEFAULT '',
    gone INTEGER NOT NULL DEFAULT 0,   -- confirmed gone, or never read: the article is read without it
    misses INTEGER NOT NULL DEFAULT 0, -- readings `gone` in a row
    missing_since TEXT,
    PRIMARY KEY (page, url)
) STRICT;

CREATE TABLE article_parts (
    first TEXT NOT NULL,               -- reference to the capture of the article's first page
    seq INTEGER NOT NULL,
    url TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    archive_ref TEXT NOT NULL,
    PRIMARY KEY (first, seq)
) STRICT;
"""
"""Articles that are split over several pages."""

_TROUBLE = """
ALTER TABLE portals ADD COLUMN empty_since TEXT;
ALTER TABLE portals ADD COLUMN trouble_since TEXT;
"""
"""Since when a portal reads nothing, and since when it is down or broken."""

_FIGURES = """
DROP VIEW 统计数据;
CREATE TABLE figures_by_key (          -- half the room of a table beside its index, and the views look cells up by it
    version INTEGER NOT NULL REFERENCES versions(id),
    field TEXT NOT NULL,
    value REAL,
    raw TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('html', 'pdf', 'docx', 'ocr', 'prose')),
    confidence REAL NOT NULL DEFAULT 1.0,
    url TEXT NOT NULL DEFAULT '',      -- of the document or picture it stands in
    PRIMARY KEY (version, field)
) STRICT, WITHOUT ROWID;
INSERT INTO figures_by_key (version, field, value, raw, source, confidence)
SELECT version, field, value, raw, source, confidence FROM figures ORDER BY version, field;
DROP TABLE figures;
ALTER TABLE figures_by_key RENAME TO figures;

ALTER TABLE findings ADD COLUMN place TEXT NOT NULL DEFAULT '';    -- 表三, 正文 一、总体情况
ALTER TABLE findings ADD COLUMN fields TEXT NOT NULL DEFAULT '[]'; -- JSON: codes of the figures it is about
ALTER TABLE versions ADD COLUMN figures_by TEXT NOT NULL DEFAULT '';  -- what its figures and findings were read with

CREATE TABLE picture_readings (
    sha256 TEXT PRIMARY KEY,           -- of a picture's or a scanned document's bytes
    reader TEXT NOT NULL,              -- what read it
    blocks TEXT NOT NULL DEFAULT '[]', -- JSON: a paragraph is a string, a table rows of [words, confidence]
    problem TEXT NOT NULL DEFAULT '',  -- why it could not be read
    read_at TEXT NOT NULL
) STRICT;
"""
"""What figures were read from; pictures as they were recognised."""

_SERVICE = """
ALTER TABLE deliveries ADD COLUMN sent_parts TEXT NOT NULL DEFAULT ''; -- of a message in parts: `taken/all hash`
CREATE INDEX deliveries_by_channel ON deliveries (channel, state, sent_at);

CREATE TABLE told (                    -- what a channel was told last of a subject by a record that was lost
    subject TEXT NOT NULL,
    channel TEXT NOT NULL,
    purpose TEXT NOT NULL,
    said TEXT NOT NULL,                -- what was said of it, as a hash or a word
    sent_at TEXT NOT NULL,
    PRIMARY KEY (subject, channel, purpose)
) STRICT;

CREATE TABLE notes (                   -- the service's own memory
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
"""
"""What a service that runs for months remembers."""

_POLITE = """
ALTER TABLE portals ADD COLUMN not_before TEXT NOT NULL DEFAULT '';  -- until when it asked to be left alone (Retry-After)
"""

_RENDERED = """
ALTER TABLE sections ADD COLUMN unrendered TEXT NOT NULL DEFAULT '';   -- what its page is known by, if a browser shows it no other
ALTER TABLE sections ADD COLUMN rendered_at TEXT NOT NULL DEFAULT '';  -- when a browser last showed it so
"""

_GROWN = """
CREATE INDEX events_by_portal ON events (portal, kind, year);
CREATE INDEX findings_of_pages ON findings (url, rule) WHERE version IS NULL;
CREATE INDEX attachments_by_bytes ON attachments (sha256);
CREATE INDEX deliveries_open ON deliveries (state, next_attempt_at) WHERE state <> 'sent';
CREATE INDEX crawls_unsettled ON crawls (id) WHERE outcome IS NULL;
"""
"""What a pass asks of one portal must not be looked for among all of them, however long the record has grown."""

_SKELETONS = """
ALTER TABLE pages ADD COLUMN skeleton TEXT NOT NULL DEFAULT '';   -- of the body that was parsed last (crawler.page.skeleton)
"""


_LOOKED_AT = """
CREATE INDEX events_news ON events (kind) WHERE baseline = 0;
CREATE INDEX events_retracted ON events (retracted_at) WHERE retracted_at IS NOT NULL;
CREATE INDEX portals_by_region ON portals (region);
CREATE INDEX versions_changed ON versions (report, captured_at) WHERE significance = 'content';
"""
"""What the staff pages ask of a whole country's record."""


def _run(db: "Database", script: str) -> None:
    """Statement by statement: executescript would commit the migration's transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line.partition("--")[0] + "\n"
        if line.partition("--")[0].rstrip().endswith(";"):
            db.execute(statement)
            statement = ""


@migrations()
def m001_record(db: "Database") -> None:
    """Everything of version 0.1."""
    _run(db, _TABLES)
    _run(db, _VIEWS)


@migrations()
def m002_detection(db: "Database") -> None:
    """Version 0.2."""
    _run(db, _RULES)
    _run(db, _EVIDENCE)
    _run(db, _ARTICLES)
    _run(db, _TROUBLE)


@migrations()
def m003_figures(db: "Database") -> None:
    """Version 0.3."""
    from monitor.figure_views import VIEWS

    _run(db, _FIGURES)
    _run(db, VIEWS)


@migrations()
def m004_service(db: "Database") -> None:
    """Version 0.4."""
    _run(db, _SERVICE)


@migrations()
def m005_country(db: "Database") -> None:
    """Version 0.5."""
    from monitor.figure_views import FINDINGS

    _run(db, _POLITE)
    _run(db, _RENDERED)
    _run(db, f"DROP VIEW 核对问题;\n{FINDINGS}")  # it names the rules that are new


@migrations()
def m006_fast(db: "Database") -> None:
    """Version 0.6."""
    _run(db, _GROWN)
    _run(db, _SKELETONS)


@migrations()
def m007_looked_at(db: "Database") -> None:
    """Version 0.7."""
    _run(db, _LOOKED_AT)

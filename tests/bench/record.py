"""A record that has grown for years, made in one go: what a pass over one portal must not notice.

Plausible in its shapes, not in its words: portals of 100 to 1,000 reports, five years of each organ, versions with short
texts, a few figures each, pages, links, events, deliveries, passes, readings, attachments, findings of pages.
"""

import math
import time
from collections.abc import Sequence

from monitor.store import Store

SIZES = (100, 200, 300, 500, 1000, 700, 150, 400)
"""Reports of one portal and the next."""
PASSES = 40
"""Of each portal."""

_PORTAL = """
INSERT INTO portals (name, title, family, region, organ, health, last_complete_at)
    VALUES (:portal, :portal, 'trs', '3306', :portal || '人民政府', 'ok', '2026-01-31T02:00:00Z');
INSERT INTO crawls (id, portal, mode, started_at, finished_at, outcome, requests, responses, reports_seen)
    SELECT :crawl + n, :portal, 'full', strftime('%Y-%m-%dT%H:%M:%SZ', '2024-01-01', n || ' days'),
        strftime('%Y-%m-%dT%H:%M:%SZ', '2024-01-01', n || ' days'), 'ok', 60, 60, :count
    FROM numbers WHERE n < :passes;
UPDATE portals SET last_crawl = :crawl + :passes - 1 WHERE name = :portal;
INSERT INTO sections (portal, url, first_complete_crawl, last_complete_crawl, last_links)
    VALUES (:portal, 'https://' || :portal || '.gov.cn/nb/', :crawl, :crawl + :passes - 1, :count);
INSERT INTO organs (id, portal, name, kind)
    SELECT :first + n, :portal, :portal || n || '局', 'department' FROM numbers WHERE n < (:count + 4) / 5;
INSERT INTO reports (id, portal, organ_id, organ, year, title, url, listed, published_on, first_seen_at, last_seen_at,
        last_verified_at, detail)
    SELECT :first + n, :portal, :first + n / 5, :portal || (n / 5) || '局', 2020 + n % 5,
        :portal || (n / 5) || '局' || (2020 + n % 5) || '年政府信息公开工作年度报告',
        'https://' || :portal || '.gov.cn/nb/202401/t20240110_' || n || '.html', 1, (2021 + n % 5) || '-01-20',
        '2024-01-01T02:00:00Z', '2026-01-31T02:00:00Z', '2026-01-31T02:00:00Z', '{"baseline":true}'
    FROM numbers WHERE n < :count;
INSERT INTO pages (id, portal, url, etag, body_hash, rules, archive_ref)
    SELECT :first + n, :portal, 'https://' || :portal || '.gov.cn/nb/202401/t20240110_' || n || '.html', '"' || n || '"',
        lower(hex(randomblob(32))), 'rules', :portal || '/' || :crawl || '.warc.gz#' || n FROM numbers WHERE n < :count;
INSERT INTO page_reports (page, report, role, text_hash)
    SELECT :first + n, :first + n, 'primary', lower(hex(randomblob(32))) FROM numbers WHERE n < :count;
INSERT INTO links (portal, section, url, title, kind, date, first_crawl, changed_crawl, baseline)
    SELECT :portal, 'https://' || :portal || '.gov.cn/nb/', 'https://' || :portal || '.gov.cn/nb/202401/t20240110_' || n || '.html',
        :portal || (n / 5) || '局' || (2020 + n % 5) || '年政府信息公开工作年度报告', 'report', '2024-01-10', :crawl, :crawl, 1
    FROM numbers WHERE n < :count;
INSERT INTO versions (id, report, seq, crawl, captured_at, content_hash, text_hash, body_hash, rules, title, organ, source,
        published_on, url, http_status, text, significance, archive_ref, previous_hash, strict_hash, page_hash,
        page_text_hash, body_key, figures_by)
    SELECT (:first + n) * 2, :first + n, 1, :crawl, '2024-01-01T02:00:00Z', lower(hex(randomblob(32))),
        lower(hex(randomblob(32))), lower(hex(randomblob(32))), 'rules',
        :portal || (n / 5) || '局' || (2020 + n % 5) || '年政府信息公开工作年度报告', :portal || (n / 5) || '局', '', '', 'https://x', 200,
        :text, 'first', :portal || '/' || :crawl || '.warc.gz#' || n, '', lower(hex(randomblob(32))),
        lower(hex(randomblob(32))), lower(hex(randomblob(32))),
        CASE n % 20 WHEN 0 THEN 'a body that many portals republish ' || n ELSE lower(hex(randomblob(32))) END, 'figures'
    FROM numbers WHERE n < :count;
INSERT INTO versions (id, report, seq, crawl, captured_at, content_hash, text_hash, body_hash, rules, title, organ, source,
        published_on, url, http_status, text, significance, archive_ref, previous_hash, strict_hash, page_hash,
        page_text_hash, body_key, figures_by)
    SELECT id + 1, report, 2, crawl + 7, captured_at, lower(hex(randomblob(32))), text_hash, body_hash, rules, title, organ,
        source, published_on, url, 200, text, 'content', archive_ref, '', strict_hash, page_hash, page_text_hash, body_key, 'figures'
    FROM versions WHERE id >= :first * 2 AND id < (:first + :count) * 2 AND id % 20 = 0;
UPDATE reports SET current_version = (SELECT max(id) FROM versions WHERE report = reports.id)
    WHERE id >= :first AND id < :first + :count;
INSERT INTO figures (version, field, value, raw, source)
    SELECT v.id, 'requests.new.' || n.n, n.n, n.n, 'html' FROM versions v JOIN numbers n
    WHERE v.id >= :first * 2 AND v.id < (:first + :count) * 2 AND n.n < 8;
INSERT INTO findings (version, crawl, url, rule, severity, detail)
    SELECT id, crawl, url, 'table3_column', 'warning', '表三 合计不等' FROM versions
    WHERE id >= :first * 2 AND id < (:first + :count) * 2 AND id % 3 = 0;
INSERT INTO findings (version, crawl, url, rule, severity, detail)
    SELECT NULL, :crawl, 'https://' || :portal || '.gov.cn/nb/202401/t20240110_' || n || '.html', 'link_unread', 'warning',
        '栏目列出《' || n || '》，但页面从未读到年报' FROM numbers WHERE n < :count / 20;
INSERT INTO attachments (version, url, name, media_type, sha256, size, text, kind)
    SELECT id, url || '/' || id || '.docx', '附件', 'application/msword', lower(hex(randomblob(32))), 40000, :text, 'document'
    FROM versions WHERE id >= :first * 2 AND id < (:first + :count) * 2 AND id % 10 = 0;
INSERT INTO readings (report, crawl, reading, http_status)
    SELECT :first + n, :crawl + 3, 'gone', 404 FROM numbers WHERE n < :count / 10;
INSERT INTO events (id, key, kind, portal, report, organ, year, title, url, detected_at, crawl, to_version, baseline, summary)
    SELECT :first * 2 + n, 'appeared:' || :portal || ':' || n || ':1', 'appeared', :portal, :first + n, :portal || (n / 5) || '局',
        2020 + n % 5, 'title', 'https://x', '2024-01-01T02:00:00Z', :crawl, (:first + n) * 2, 1, '新公开'
    FROM numbers WHERE n < :count;
INSERT INTO events (id, key, kind, portal, report, organ, year, title, url, detected_at, crawl, to_version, summary)
    SELECT :first * 2 + :count + n, 'changed:' || :portal || ':' || n || ':1', 'changed', :portal, :first + n,
        :portal || (n / 5) || '局', 2020 + n % 5, 'title', 'https://x', '2025-01-01T02:00:00Z', :crawl + 5, (:first + n) * 2, '变更'
    FROM numbers WHERE n < :count / 10;
INSERT INTO events (key, kind, portal, organ, year, title, url, detected_at, crawl, summary, detail)
    SELECT 'overdue:' || :portal || ':' || n || ':1', 'overdue', :portal, :portal || n || '局', 2025,
        'title', 'https://x', '2026-02-01T02:00:00Z', :crawl + 5, '逾期', '{"due_on":"2026-01-31"}'
    FROM numbers WHERE n < :count / 10;
INSERT INTO events (key, kind, portal, title, detected_at, crawl, summary)
    VALUES ('baseline:' || :portal || ':1', 'baseline', :portal, 'title', '2024-01-01T02:00:00Z', :crawl, '已有年报');
INSERT INTO deliveries (event, channel, state, attempts, next_attempt_at, sent_at, message)
    SELECT id, 'office', 'sent', 1, detected_at, detected_at, 'changed/' || portal || '/' || crawl FROM events
    WHERE id >= :first * 2 + :count AND id < :first * 2 + :count + :count / 10;
"""


def fill(store: Store, reports: int, sizes: Sequence[int] = SIZES) -> float:
    """Writes that many reports of other portals of those sizes, in one transaction. Seconds that it took."""
    began = time.monotonic()
    conn = store.conn
    statements = [one for one in _PORTAL.split(";\n") if one.strip()]
    text = "根据《中华人民共和国政府信息公开条例》，现公布年度报告。\n| 项目 | 数量 |\n| 本年新收 | 12 |\n"
    conn.execute("PRAGMA synchronous = OFF")
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("PRAGMA cache_size = -400000")
    conn.execute("CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)")
    conn.executemany("INSERT INTO numbers VALUES (?)", [(n,) for n in range(max(*sizes, PASSES))])
    with store.transaction():
        first, crawl, portal = 1, 1, 0
        while first <= reports:
            count = min(sizes[portal % len(sizes)], reports + 1 - first)
            values = {
                "portal": f"p{portal:05}",
                "first": first,
                "count": count,
                "crawl": crawl,
                "passes": PASSES,
                "text": text,
            }
            for statement in statements:
                conn.execute(statement, values)
            first, crawl, portal = first + count, crawl + PASSES, portal + 1
    conn.execute("DROP TABLE numbers")
    conn.execute("PRAGMA cache_size = -2000")
    conn.execute("PRAGMA foreign_keys = ON")
    store.tidy()
    conn.execute("PRAGMA synchronous = FULL")
    return math.ceil((time.monotonic() - began) * 10) / 10

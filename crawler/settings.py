"""The composition root: every setting that differs from Scrapy's default, and why.

What differs from portal to portal (concurrency, user agent, TLS, browser) is set by its spider in `from_crawler`. The pauses
between requests are no setting of Scrapy's: crawler/pace.py keeps them for all processes together.
"""

BOT_NAME = "nianbao"
SPIDER_LOADER_CLASS = "crawler.loader.PortalSpiderLoader"  # portals are data: a spider a file

# On by default in Scrapy: servers on loopback that run what is posted to them.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# Private addresses are refused when a name is resolved, for each connection (crawler/guard.py).
TWISTED_DNS_RESOLVER = "crawler.guard.GuardedResolver"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"  # the spider and the browser use asyncio

# The spider awaits its downloads one by one (crawler/fetching.py) and judges every status, redirect and robots.txt
# itself: they are readings. What is left of the middlewares is what a download needs.
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # crawler.guard judges every hop
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # closed by robots.txt is a reading
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": None,  # set per request
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": None,  # set per request
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": None,  # set per request
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # crawler.fetching retries, and stops for a dead host
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,  # where it leads is a reading
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "crawler.cookies.CookiesMiddleware": 700,  # the same, in its place, imported when there is a cookie
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,  # counted in crawler.fetching
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
# Old TLS only where a portal's file says so; and less ado about a page that is asked for over a connection that is there.
DOWNLOAD_HANDLERS = {
    "http": "crawler.transport.HttpHandler",
    "https": "crawler.transport.HttpHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # no page of a portal is there
}
COOKIES_ENABLED = True  # some portals answer with a redirect to themselves until their cookie comes back
DOWNLOAD_FAIL_ON_DATALOSS = True  # half a report must not be taken for a changed one
DOWNLOAD_MAXSIZE = 50_000_000  # the most that any request may bring; pages are bounded lower, per request
DOWNLOAD_WARNSIZE = 0
LOG_FORMATTER = "crawler.quiet.QuietFormatter"  # formatting a line per response costs more than hashing it
LOG_LEVEL = "WARNING"
LOGSTATS_INTERVAL = 0
STATS_DUMP = False
EXTENSIONS = {
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.corestats.CoreStats": None,
}

"""Where a section that shows no report any more may be now: looked for on the portal's own hosts, a few requests long.

A portal that was redesigned keeps its home page, and its annual reports under a name that is national. What is found is told as
`SectionLead`: a proposal for an operator, which nothing follows by itself.
"""

import logging
from collections.abc import Sequence

from crawler.fetching import Fetcher
from crawler.observation import Job, SectionLead
from crawler.page.address import twin_of
from crawler.run_folder import Sink
from crawler.scout.reach import Reach
from crawler.scout.survey import Surveyor
from crawler.scout.survey_model import Order

_REQUESTS = 15
_SECONDS = 120.0

logger = logging.getLogger(__name__)


class _OwnHosts(Reach):
    """Lets nothing in beside the hosts of the portal file: a pass asks no other."""

    def admit(self, url: str) -> bool:
        """See Reach."""
        return self.allows_host(url)


async def seek(job: Job, fetcher: Fetcher, sink: Sink, sections: Sequence[str]) -> None:
    """Looks for where these sections are now. A fault of the search is logged, and no fault of the pass."""
    portal = job.portal
    order = Order(
        url=sections[0],
        now=job.now,
        user_agent=job.user_agent,
        policy=job.policy,
        known=portal,
        requests=fetcher.requests + _REQUESTS,
        seconds=_SECONDS,
        browser=False,
    )
    reach = _OwnHosts(order.url, job.policy, (*portal.hosts, *portal.allowed_hosts))
    try:
        survey = await Surveyor(fetcher, reach, order, lambda _: None).run()
    except Exception:  # the pass has read what it could; nothing of that may be lost for a guess
        logger.exception("%s: the search for a new section failed", portal.name)
        return
    if survey.outcome != "found":
        return
    known = {twin_of(section) for section in portal.sections}
    for found in survey.sections:
        if found.links and (twin_of(found.url) not in known or survey.family != portal.family):
            sink.tell(
                SectionLead(sections[0], found.url, survey.family, found.links, found.title[:200], found.how[:500])
            )

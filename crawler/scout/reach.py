"""Which hosts a survey may ask: the one that it was given, and those of the same portal that something it read justifies.

A portal's columns and reports may lie on sibling hosts (xxgk.bjhd.gov.cn, zyk.bjhd.gov.cn): hosts below the same
registrable name of gov.cn are let in one by one, each for a reason. Nothing else ever is: copies of government pages under
foreign names are common, and a page must not lead a survey into somebody's network.
"""

from crawler.guard import Guard, Refusal
from crawler.page.address import bare, host_of
from crawler.portal import Policy, Portal
from crawler.scout.own import registrable

_MOST_HOSTS = 6


class Reach(Guard):
    """A guard that lets sibling hosts in. `url` is what the operator gave."""

    def __init__(self, url: str, policy: Policy, further: tuple[str, ...] = ()) -> None:
        self._url, self._policy = url, policy
        self._own = registrable(host_of(url))
        self.admitted: list[str] = []
        """Hosts let in beside the given one, in order."""
        self._hosts = (host_of(url), *further)
        super().__init__(self.portal(), policy)
        self._guard = Guard(self.portal(), policy)

    def portal(self) -> Portal:
        """A portal of the hosts that may be asked now."""
        # Bare host names: Guard takes them from `allowed_hosts` as from `sections`.
        return Portal("scout", "scout", "generic", (self._url,), allowed_hosts=(*self._hosts, *self.admitted))

    def admit(self, url: str) -> bool:
        """Lets the host of `url` in, if it belongs to the given one's authority. Whether it may be asked now."""
        host = host_of(url)
        if self._guard.allows_host(url):
            return True
        if not self._own or registrable(host) != self._own or len(self.admitted) >= _MOST_HOSTS:
            return False
        self.admitted.append(bare(host))
        self._guard = Guard(self.portal(), self._policy)
        return True

    def is_sibling(self, url: str) -> bool:
        """Whether the host of `url` might be let in, or is."""
        return self._guard.allows_host(url) or bool(self._own and registrable(host_of(url)) == self._own)

    def allows_host(self, url: str) -> bool:
        """See Guard."""
        return self._guard.allows_host(url)

    def refusal(self, url: str) -> Refusal | None:
        """See Guard."""
        return self._guard.refusal(url)

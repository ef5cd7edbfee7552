"""What does not add up in a report. Pure."""

from monitor.findings.check import RULES, check
from monitor.findings.compared import Compared, compared
from monitor.findings.copies import body_key
from monitor.findings.model import Earlier, Finding, Subject
from monitor.findings.years import BEFORE

__all__ = ["BEFORE", "RULES", "Compared", "Earlier", "Finding", "Subject", "body_key", "check", "compared"]

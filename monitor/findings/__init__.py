"""What does not add up in a report. Pure."""

from monitor.findings.check import RULES, check
from monitor.findings.compared import Compared, compared
from monitor.findings.copies import body_key
from monitor.findings.model import Earlier, Finding, Subject

__all__ = ["RULES", "Compared", "Earlier", "Finding", "Subject", "body_key", "check", "compared"]

"""What does not add up in a report. Pure."""

from monitor.findings.check import Finding, body_key, check

__all__ = ["Finding", "body_key", "check"]

"""Which rules make the canonical form: for those who must know it and make none."""

import unicodedata
from importlib.metadata import version

from crawler.documents.revision import REVISION as DOCUMENTS

REVISION = f"4 opencc={version('opencc')} unicode={unicodedata.unidata_version} document={DOCUMENTS}"
"""What the fingerprints depend on besides the report: versions are only comparable under one revision."""

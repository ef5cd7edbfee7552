"""Which rules extract a document: for those who must know it and extract none."""

from importlib.metadata import version

LIBRARIES = ("pypdfium2", "python-docx", "openpyxl", "xlrd", "olefile", "pillow")

REVISION = " ".join(["4", *(f"{name}={version(name)}" for name in LIBRARIES)])
"""What the extracted text and pixels depend on: our own rules (`crawler.documents.extract`), and the libraries."""

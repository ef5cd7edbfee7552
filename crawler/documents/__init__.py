"""Attachments as text, tables and pixels: one module a format, a pure `extract`, and the child process that runs it.

`extract.extract` is pure: bytes in, an `Extract` out. Nothing here but the tests and the child itself (`worker`) calls
it directly: libraries that parse what strangers publish crash, hang and eat memory, so `extractor.Extractor` runs it in a
process of its own, with limits.
"""

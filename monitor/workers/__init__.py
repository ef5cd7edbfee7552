"""Passes on other machines: `[service] engine = "celery"` (docs/scaling.md).

The service gives out passes as Celery tasks (`dispatch`), crawl machines make them (`worker`) and hand back the run folder
(`parcel`, `depot`). Who holds a pass and its hosts stands in a register in Redis (`register`), so that no host is read by two
workers, no pass is made twice, and a worker that is cut off is noticed and knows it. What was seen is judged where it always is.
"""

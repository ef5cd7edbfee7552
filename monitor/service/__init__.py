"""The long-running service: scheduled passes, sending, watching over itself. `service.py` puts the parts together."""

"""Random timelines over the scripted portals: acts, a model of what must be said of them, and the program beside it."""

"""The views of figures that staff query: SQL made from fields.csv. Pure."""

VIEWS = ""

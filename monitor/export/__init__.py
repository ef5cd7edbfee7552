"""The record as files for other programs: CSV, XLSX, Parquet, JSON, and a data package with its dictionary.

In: the record and a selection. Out: files, each whole or not at all. Rows are streamed: memory does not grow with them.
"""

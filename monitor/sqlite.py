"""The one SQLite of this program.

sqlite_utils and Datasette use `pysqlite3` where that is installed, and two SQLite libraries in one process do not see each
other's locks: so this is chosen as they choose, without importing them.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        sqlite3 = importlib.import_module("pysqlite3")
    except ImportError:
        import sqlite3

__all__ = ["sqlite3"]

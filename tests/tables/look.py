"""How one generated report looks: every choice that portals make, at its usual value unless a shape sets it."""

from dataclasses import dataclass
from typing import Literal

from tests.tables.printing import Way

Wording = Literal["form", "loose", "bare", "other numbers"]
Markup = Literal[
    "plain", "word", "wps", "single characters", "upper case", "unclosed", "unclosed inline", "header cells"
]
Broken = Literal["", "space", "wide space", "line", "br", "p", "zero width", "nbsp", "mixed"]
Script = Literal["", "s2t", "s2tw", "s2twp", "s2hk"]


@dataclass
class Look:
    """The choices. Those of the grid come first, those of the markup behind."""

    labels: int = 3
    """Columns of labels of table 3; table 2 of 2019 has two from 2 on."""
    wording: Wording = "form"
    heads: Literal["form", "two rows", "names only", "no note", "bare"] = "form"
    way: Way = "plain"
    yuan: bool = False
    """Money in 元, and the header says so."""
    title: bool = False
    """The chapter's heading is the table's first row."""
    parts: Literal["", "contracts", "services", "both", "subtotals"] = ""
    """Rows of table 2 printed as several."""
    group_lines: bool = False
    """Groups of table 3 have lines of their own."""
    unresolved: bool = False
    """A group's cell stands in its first row only, blank cells below."""
    shuffled: bool = False
    """Rows in another order than the form's."""
    again: int = 0
    """Header rows repeated every so many rows."""
    spacers: Literal["", "rows", "columns", "both"] = ""
    notes: bool = False
    """Footnotes as rows of the table."""
    doubled: bool = False
    lost: bool = False
    """A column of table 3 or 4 is not there at all."""
    script: Script = ""
    pieces: int = 1
    """Tables that table 3 is cut into; from 2 on the others may be cut too."""
    head_again: bool = False
    """Each piece begins with the header."""
    between: str = ""
    """What stands between two pieces."""
    joined: Literal["", "filled", "ragged"] = ""
    """The three tables are one."""
    chapters: bool = True
    """Each table has its chapter's heading."""

    markup: Markup = "plain"
    broken: Broken = ""
    groups: Literal["none", "tbody", "thead", "out of order", "several"] = "tbody"
    wide: int = 0
    """Columns of the markup; 0: as many as are needed."""
    absurd: bool = False
    nested: Literal["", "layout", "cell", "deep"] = ""
    hidden: bool = False
    """Rows, cells and spans that are not shown stand among the others."""

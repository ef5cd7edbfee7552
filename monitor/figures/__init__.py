"""What a report says in figures: the cells of its national tables, the indicators of older reports, figures in prose.

Pure. `read` takes a whole report, `extract` the national tables of one text; `changes` compares two sets of figures.
"""

from monitor.figures.fields import label
from monitor.figures.model import Change, Conflict, Document, Figure, Figures, Problem, Source, changes
from monitor.figures.national import extract
from monitor.figures.sources import read

__all__ = [
    "Change",
    "Conflict",
    "Document",
    "Figure",
    "Figures",
    "Problem",
    "Source",
    "changes",
    "extract",
    "label",
    "read",
]

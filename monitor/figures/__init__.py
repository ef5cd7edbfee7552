"""What a report says in figures: the cells of its national tables, the indicators of older reports, figures in prose.

Pure. `read` takes a whole report, `extract` the national tables of one text; `changes` compares two sets of figures. What reads
them is imported when it is asked for: a pass over reports that have not changed reads none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitor.figures.fields import label
    from monitor.figures.model import Change, Conflict, Document, Figure, Figures, Problem, Source, changes
    from monitor.figures.national import extract
    from monitor.figures.sources import read
else:
    _MODEL = ("Change", "Conflict", "Document", "Figure", "Figures", "Problem", "Source", "changes")
    _WHERE = {"label": "fields", "extract": "national", "read": "sources", **dict.fromkeys(_MODEL, "model")}

    def __getattr__(name: str) -> Any:
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
        return found


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

"""What can happen to a portal, one function an act: each changes a `Site` at once and is safe while it serves."""

from dataclasses import replace
from typing import Literal

from monitor.demo.site import Item, Site
from monitor.demo.text import ANNEX, Document, Paper
from monitor.demo.troubles import Gone, Outage

_ALTERED = {"已": "未", "均": "多", "全": "半", "新": "旧", "三": "四", "上": "下"}
_COSMETIC = str.maketrans({"“": '"', "”": '"', "（": "(", "）": ")", "：": ":", "；": ";", "，": ",", "０": "0"})


class Portal(Site):
    """A `Site` with everything that may happen to it."""

    def publish(self, paper: Paper, *, listed: bool = True) -> Item:
        """Publishes a report, or an organ's second page for a year that it has reported on."""
        with self.lock:
            item = Item(paper, serial=len(self.items) + 1, listed=listed)
            item.path = self.layout.path(self, item)
            self.items.append(item)
            return item

    def find(self, organ: str, year: int) -> Item:
        """The latest item of an organ and year. Raises KeyError."""
        for item in reversed(self.items):
            if (item.paper.organ, item.paper.year) == (organ, year):
                return item
        raise KeyError(f"{self.name} has no report of {organ} for {year}")

    def _write(self, item: Item, paper: Paper) -> None:
        with self.lock:
            item.paper = paper
            item.revision += 1

    # What changes a report's content.

    def edit_text(self, item: Item, old: str, new: str) -> None:
        """Replaces the first `old` in the prose. Raises ValueError if it is not there."""
        self._write(item, item.paper.replaced(old, new))

    def edit_figure(self, item: Item, code: str, value: float) -> float:
        """Changes one cell of the tables; the rest is not made to agree. Returns the figure it had."""
        before = item.paper.figures[code]
        self._write(item, replace(item.paper, figures={**item.paper.figures, code: value}))
        return before

    def edit_digit(self, item: Item) -> tuple[int, int]:
        """New requests, total: one digit changes, in the prose and in table 3. Returns (before, after)."""
        before = int(item.paper.figures["requests.new.total"])
        last = before % 10
        after = before - last + (last + 4) % 10
        self.edit_text(item, f"政府信息公开申请{before}件", f"政府信息公开申请{after}件")
        self.edit_figure(item, "requests.new.total", after)
        return before, after

    def edit_char(self, item: Item) -> tuple[str, str]:
        """One Chinese character of the prose becomes another. Returns (before, after)."""
        prose = "".join(item.paper.prose()[1:])
        for old, new in _ALTERED.items():
            if old in prose:
                self.edit_text(item, old, new)
                return old, new
        raise ValueError(f"{item.paper.title} has none of {''.join(_ALTERED)}")

    def edit_title(self, item: Item, title: str) -> None:
        """Changes the title."""
        self._write(item, replace(item.paper, title=title))

    def edit_date(self, item: Item, published_on: str) -> None:
        """Changes the printed date of publication; the address stays."""
        self._write(item, replace(item.paper, published_on=published_on))

    def edit_source(self, item: Item, source: str) -> None:
        """Changes the printed source."""
        self._write(item, replace(item.paper, source=source))

    def insert_sentence(self, item: Item, sentence: str, place: int = 2) -> None:
        """Adds a sentence to the end of the `place`-th paragraph of prose."""
        line = item.paper.prose()[place]
        self.edit_text(item, line, line + sentence)

    def delete_sentence(self, item: Item) -> str:
        """Drops the last sentence of the first paragraph that has three. Returns it. Raises ValueError if none has."""
        for line in item.paper.prose():
            sentences = line.split("。")
            if len(sentences) > 3 and not sentences[-1]:
                self.edit_text(item, line, "。".join(sentences[:-2]) + "。")
                return sentences[-2]
        raise ValueError(f"{item.paper.title} has no paragraph of three sentences")

    def set_annex(self, item: Item, rows: tuple[tuple[str, ...], ...]) -> None:
        """The rows of its own table; none: it has none."""
        lines = tuple(line for line in item.paper.paragraphs if line != ANNEX)
        self._write(item, replace(item.paper, annex=rows, paragraphs=(*lines, ANNEX) if rows else lines))

    def set_documents(self, item: Item, documents: tuple[Document, ...]) -> None:
        """Adds or removes documents."""
        self._write(item, replace(item.paper, documents=documents))

    def rewrite(self, item: Item, paper: Paper) -> None:
        """Replaces the whole report at its address."""
        self._write(item, paper)

    def replace_document(self, item: Item, index: int = 0) -> None:
        """Another text behind the unchanged address of a document."""
        document = item.paper.documents[index]
        self._document(item, index, document._replace(lines=(*document.lines[:-1], "政府公报自本年起停止出版。")))

    def replace_picture(self, item: Item, index: int = 0) -> None:
        """Other pixels behind the unchanged address of a picture."""
        picture = item.paper.pictures[index]
        changed = picture._replace(bars=tuple(110 - bar for bar in picture.bars))
        pictures = (*item.paper.pictures[:index], changed, *item.paper.pictures[index + 1 :])
        self._write(item, replace(item.paper, pictures=pictures))

    def _document(self, item: Item, index: int, document: Document) -> None:
        documents = (*item.paper.documents[:index], document, *item.paper.documents[index + 1 :])
        self._write(item, replace(item.paper, documents=documents))

    # What changes nothing that counts.

    def cosmetic(self, item: Item) -> None:
        """Full-width punctuation becomes half-width, curved quotes straight, in the whole prose."""
        lines = (line.translate(_COSMETIC) for line in item.paper.paragraphs)
        self._write(item, replace(item.paper, paragraphs=tuple(lines)))

    def to_traditional(self, item: Item, on: bool = True) -> None:
        """The page is printed in Traditional characters."""
        with self.lock:
            item.traditional = on
            item.revision += 1

    def to_glossed(self, item: Item, on: bool = True) -> None:
        """The page is printed as a mirror damages it: Traditional, with readings in brackets."""
        with self.lock:
            item.glossed = on
            item.revision += 1

    def resave_document(self, item: Item, index: int = 0) -> None:
        """Other bytes, the same text."""
        document = item.paper.documents[index]
        self._document(item, index, document._replace(saved=document.saved + 1))

    def rename_document(self, item: Item, label: str, index: int = 0) -> None:
        """Another name for the same document."""
        self._document(item, index, item.paper.documents[index]._replace(label=label))

    def resave_picture(self, item: Item, index: int = 0) -> None:
        """Other bytes, the same pixels."""
        picture = item.paper.pictures[index]
        changed = picture._replace(saved=picture.saved + 1)
        pictures = (*item.paper.pictures[:index], changed, *item.paper.pictures[index + 1 :])
        self._write(item, replace(item.paper, pictures=pictures))

    def redesign(self) -> None:
        """Another template and cleaned markup for every page; done twice, the old one is back."""
        with self.lock:
            self.redesigned = not self.redesigned
            self.style = "plain" if self.redesigned else "word"

    def set_encoding(self, encoding: str, *, header: str | None = None, meta: str | None = None) -> None:
        """The bytes of every page. `header` and `meta`: what is said of them, if that is a lie; "" says nothing."""
        with self.lock:
            self.encoding = encoding
            self.header_charset = encoding if header is None else header
            self.meta_charset = encoding if meta is None else meta

    def split(self, item: Item, pages: int = 3) -> None:
        """The same report on so many pages, each of which leads to the others; 1: on one again."""
        with self.lock:
            item.pages = pages
            item.revision += 1

    # What takes reports away and brings them back.

    def take_down(self, item: Item, how: Gone = "404", *, listed: bool = False) -> None:
        """The report is gone from its address; it stays `listed` only if asked to."""
        with self.lock:
            item.gone, item.listed = how, listed
            item.revision += 1

    def restore(self, item: Item) -> None:
        """It is back where it was, and listed."""
        with self.lock:
            item.gone, item.listed, item.outage = None, True, None
            item.revision += 1

    def hide_from_list(self, item: Item, hidden: bool = True) -> None:
        """The page stays, the section no longer lists it."""
        with self.lock:
            item.listed = not hidden

    def lose_file(self, item: Item, name: str, lost: bool = True) -> None:
        """A document or picture answers 404 while the page still links it."""
        with self.lock:
            (item.lost_files.add if lost else item.lost_files.discard)(name)

    def bar_file(self, item: Item, name: str, kind: Outage | None) -> None:
        """A document or picture alone is in trouble; None: no longer."""
        with self.lock:
            item.barred_files.pop(name, None)
            if kind is not None:
                item.barred_files[name] = kind

    def move(self, item: Item, how: Literal["301", "relist"] = "301", root: str = "") -> str:
        """A new address, below `root`: the old one redirects there, or is 404 while the section lists the new one.
        Returns it."""
        with self.lock:
            old = item.path
            item.serial += 5000
            item.path = root + self.layout.path(self, item)
            if how == "301":
                self.redirects[old] = item.path
            item.revision += 1
            return item.path

    # What is wrong with the portal, not with a report.

    def start_outage(self, kind: Outage) -> None:
        """The whole portal is in trouble, until `end_outage`."""
        with self.lock:
            self.outage = kind
        if kind == "refused":
            self.listener.refuse()

    def end_outage(self) -> None:
        """It answers as before."""
        with self.lock:
            self.outage = None
        self.listener.accept()

    def trouble(self, item: Item, kind: Outage | None) -> None:
        """One report's page alone is in trouble; None: no longer."""
        with self.lock:
            item.outage = kind

    def fail_page(self, number: int, kind: Outage | None = "500") -> None:
        """Page `number` (from 1) of the section's list fails; None: no longer."""
        with self.lock:
            if kind is None:
                self.failing_pages.pop(number, None)
            else:
                self.failing_pages[number] = kind

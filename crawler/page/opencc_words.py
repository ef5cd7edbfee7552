"""OpenCC's own word lists: which words its converters put in place of which.

In: the name of a dictionary of the installed OpenCC (`TWPhrases`). Out: its entries, word → the words it may become.
OpenCC converts texts but does not list its words, so its files are read here: a MARISA trie of the words (S. Yata's
format, https://github.com/s-yata/marisa-trie, 0.2) and the values behind it. Reads the library's files and nothing
else; raises DictionaryError for a file of another layout, which a new version of OpenCC would bring.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

_HEADER = b"OPENCC_MARISA_0.2.5"
_TRIE = b"We love Marisa.\0"


class DictionaryError(RuntimeError):
    """A dictionary of OpenCC that is missing or has another layout; the message names it."""


def dictionary(name: str) -> dict[str, tuple[str, ...]]:
    """The entries of one of OpenCC's dictionaries. Raises DictionaryError."""
    import opencc

    path = _folder() / f"{name}.ocd2"
    try:
        file = _File(path.read_bytes())
        file.expect(_HEADER)
        file.expect(_TRIE)
        words = _Trie(file).words()
        return {word.decode(): values for word, values in zip(words, _values(file, len(words)), strict=True)}
    except (OSError, ValueError, IndexError, struct.error) as error:
        version = opencc.__version__
        raise DictionaryError(f"{path}: OpenCC {version} keeps its words in another way: {error}") from None


def _folder() -> Path:
    import opencc

    return Path(opencc.__file__).parent / "clib" / "share" / "opencc"


def _values(file: "_File", count: int) -> Iterator[tuple[str, ...]]:
    entries, size = file.number("<I"), file.number("<I")
    if entries != count:
        raise ValueError(f"{count} words, {entries} entries")
    text = file.take(size)
    start = 0
    for _ in range(entries):
        values = []
        for _ in range(file.number("<H")):
            end = start + file.number("<H")
            values.append(text[start:end].rstrip(b"\0").decode())
            start = end
        yield tuple(values)


class _File:
    """A file read from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, size: int) -> bytes:
        part = self.data[self.place : self.place + size]
        if len(part) != size:
            raise ValueError("it ends too early")
        self.place += size
        return part

    def expect(self, mark: bytes) -> None:
        if self.take(len(mark)) != mark:
            raise ValueError(f"{mark!r} is not there")

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def vector(self) -> bytes:
        """Bytes behind their length, filled up to a multiple of eight."""
        size = self.number("<Q")
        part = self.take(size)
        self.take(-size % 8)
        return part

    def bits(self) -> list[int]:
        """A bit vector; the tables for quick look-up that follow it are not needed to read it once."""
        units = self.vector()
        size, _ones = self.number("<I"), self.number("<I")
        for _ in range(3):
            self.vector()
        return [units[place >> 3] >> (place & 7) & 1 for place in range(size)]

    def numbers(self) -> list[int]:
        """Numbers of so many bits each."""
        units = int.from_bytes(self.vector(), "little")
        width, mask, size = self.number("<I"), self.number("<I"), self.number("<Q")
        return [units >> (width * place) & mask for place in range(size)]


class _Trie:
    """A trie whose edges bear a byte or, in turn, a word of another trie (written backwards) or of a list of tails."""

    def __init__(self, file: _File) -> None:
        louds = file.bits()
        self.terminal = file.bits()
        linked = file.bits()
        self.labels = file.vector()
        extras = file.numbers()
        self.tail = file.vector()
        file.bits()  # where tails end that may hold a zero byte; words hold none
        self.next = _Trie(file) if any(linked) and not self.tail else None
        file.vector()
        file.number("<I")
        file.number("<I")
        self.parents = _parents(louds)
        self.links: dict[int, int] = {}
        for node, is_link in enumerate(linked):
            if is_link:
                self.links[node] = extras[len(self.links)] << 8 | self.labels[node]

    def words(self) -> list[bytes]:
        """The words in the order of their numbers: that of the nodes at which they end."""
        return [self._upwards(node, False) for node, ends in enumerate(self.terminal) if ends]

    def _upwards(self, node: int, reverse: bool) -> bytes:
        """What stands on the way from the root to a node; `reverse`: from the node to the root."""
        parts = []
        while node:
            parts.append(self._edge(node))
            node = self.parents[node]
        return b"".join(parts if reverse else reversed(parts))

    def _edge(self, node: int) -> bytes:
        if node not in self.links:
            return self.labels[node : node + 1]
        link = self.links[node]
        return self._tail(link) if self.next is None else self.next._upwards(link, True)

    def _tail(self, start: int) -> bytes:
        return self.tail[start : self.tail.index(b"\0", start)]


def _parents(louds: list[int]) -> list[int]:
    """By node: its parent. LOUDS: for each node in order of breadth a 1 for every child, then a 0."""
    parents = []
    node = -1
    for bit in louds:
        if bit:
            parents.append(node)
        else:
            node += 1
    return parents

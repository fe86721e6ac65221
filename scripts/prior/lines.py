"""Labelled lines and made ones as the engine reads them, and which of them are nearly the same."""

import json
import subprocess
from bisect import bisect
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

import background
import talk

CLASSES = ("allow", "privacy", "property", "sensitive")
# As src/moderation/prior/weighing.rs weighs them together.
WINDOW, STEP = 64, 32
# Where in a file the lines of its second and third writer begin; the first wrote all the other files too.
WRITERS = {"benign.tune.jsonl": (1276, 1536), "evasion.tune.jsonl": (864, 1064)}
# The numbers of those who wrote nothing: templates, and a dictionary.
TEMPLATES, NOTHING = 3, 4
# Lines that share more than this of their pairs (cosine) are one line told twice.
SAME = 0.5


class Read(NamedTuple):
    """The characters of a text as the prior reads them, and each syllable with the last of them it is heard in."""

    chars: str
    sounds: list[tuple[str, int]]


class Line(NamedTuple):
    """What the engine reads, the number of its class in `CLASSES`, and of its writer."""

    read: Read
    label: int
    writer: int


def lines(paths: Sequence[Path], belfry: Sequence[str]) -> list[Line]:
    """Reads labelled lines; the engine itself folds them. What is kept for judging is refused."""
    if judging := [path.name for path in paths if ".judge." in path.name]:
        raise SystemExit(f"{', '.join(judging)}: these lines are for judging, nobody learns from them")
    told = [
        (json.loads(line), bisect(WRITERS.get(path.name, ()), number))
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines())
    ]
    # Who writes in pieces sounds like who does not: all of them, one behind the other.
    reads = fold(["\n".join((*line.get("prev", ()), line["text"])) for line, _ in told], belfry)
    return [
        Line(piece, CLASSES.index(line["expect"]), writer)
        for (line, writer), read in zip(told, reads, strict=True)
        for piece in pieces(read, line["expect"])
    ]


def made(belfry: Sequence[str]) -> list[Line]:
    """What templates say, and what is said about nothing."""
    drawn = [(text, number, TEMPLATES) for number, label in enumerate(CLASSES) for text in talk.texts(label)]
    drawn += [(text, 0, NOTHING) for text in background.texts()]
    reads = fold([text for text, *_ in drawn], belfry)
    return [Line(read, label, writer) for read, (_, label, writer) in zip(reads, drawn, strict=True)]


def fold(texts: Sequence[str], belfry: Sequence[str]) -> list[Read]:
    """How the engine reads some texts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "texts.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
        folding = subprocess.run([*belfry, "lexicon", "fold", str(path)], check=True, stdout=subprocess.PIPE)
    views = (json.loads(line) for line in folding.stdout.decode().splitlines())
    return [Read(view["compact"], [(sound, at) for sound, at in view["sounds"]]) for view in views]


def pieces(read: Read, expect: str) -> list[Read]:
    """Every window of a line in which nothing is wrong; one with a secret is short, and stays whole."""
    if expect != "allow" or len(read.chars) <= WINDOW:
        return [read]
    begins = range(0, len(read.chars) - STEP, STEP)
    return [
        Read(
            read.chars[begin : begin + WINDOW],
            [(sound, at - begin) for sound, at in read.sounds if begin <= at < begin + WINDOW],
        )
        for begin in begins
    ]


def groups(reads: Sequence[str]) -> np.ndarray:
    """A number for each text, the same for those that are nearly the same."""
    pairs = normalize(CountVectorizer(analyzer="char", ngram_range=(2, 2), binary=True).fit_transform(reads))
    parent = list(range(len(reads)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = at = parent[parent[at]]
        return at

    for begin in range(0, len(reads), 1000):
        near = (pairs[begin : begin + 1000] @ pairs.T).tocoo()
        for row, column, share in zip(near.row + begin, near.col, near.data, strict=True):
            if share > SAME and row < column:
                parent[root(row)] = root(column)
    return np.array([root(at) for at in range(len(reads))])

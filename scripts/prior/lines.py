"""Labelled lines as the engine reads them, and which of them are nearly the same."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

CLASSES = ("allow", "privacy", "property", "sensitive")
# As src/moderation/prior/weighing.rs weighs them together.
WINDOW, STEP = 64, 32
# Lines that share more than this of their pairs (cosine) are one line told twice.
SAME = 0.5


class Line(NamedTuple):
    """What the engine reads, and the number of its class in `CLASSES`."""

    read: str
    label: int


def lines(paths: Sequence[Path], belfry: Sequence[str]) -> list[Line]:
    """Reads labelled lines; the engine itself folds them. What is kept for judging is refused."""
    if judging := [path.name for path in paths if ".judge." in path.name]:
        raise SystemExit(f"{', '.join(judging)}: these lines are for judging, nobody learns from them")
    told = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines() if line.strip()]
    folding = subprocess.run([*belfry, "lexicon", "fold", *map(str, paths)], check=True, stdout=subprocess.PIPE)
    views = [json.loads(line) for line in folding.stdout.decode().splitlines()]
    return [
        Line(piece, CLASSES.index(line["expect"]))
        for line, view in zip(told, views, strict=True)
        for piece in pieces(view.get("joined", view["compact"]), line["expect"])
    ]


def pieces(read: str, expect: str) -> list[str]:
    """Every window of a line in which nothing is wrong; one with a secret is short, and stays whole."""
    if expect != "allow" or len(read) <= WINDOW:
        return [read]
    return [read[at : at + WINDOW] for at in range(0, len(read) - STEP, STEP)]


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

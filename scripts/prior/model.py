"""The model: multinomial logistic regression over characters and pairs, cut and rounded."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from lines import Read

# Letters, digits and numerals alone have no weight: others read what is spelled with them. Here they would
# only say that something is, and every foreign sentence and every table would sound like a secret. What
# stands beside a number may say that it is none, and never that it is one.
NUMERALS = "〇零洞一壹幺弌二贰两弍三叁弎四肆五伍六陆七柒拐八捌九玖勾"
# A gram that one line alone has says nothing.
LINES_MIN = 2
# What comes again within so many characters says nothing more, as in src/moderation/prior/weighing.rs.
ONCE = 32
# So many grams without weight are added to those of a text: few grams say little.
SHRINK = 6
# How loosely the weights are bound; by cross-validation.
LOOSE = 20.0
# Grams whose weights are all below this are cut off.
WEIGHT_MIN = 0.25
# Weights are rounded to -127 … 127 of this unit.
UNIT = 0.08


class Model(NamedTuple):
    """Grams, and for each its weights against `allow`; what any text has against it."""

    grams: list[str]
    weights: np.ndarray
    bias: np.ndarray

    def scores(self, reads: Sequence[Read]) -> np.ndarray:
        """By text and class, the logarithm of the odds against `allow`."""
        return scaled(counter(self.grams).transform(reads)) @ (self.weights * UNIT) + self.bias


def is_number(gram: str) -> bool:
    return " " not in gram and all(char.isascii() or char in NUMERALS for char in gram)


def seen(read: Read) -> list[str]:
    """The characters and pairs of a text and the pairs of its syllables, without those that came up shortly
    before, as the engine counts them."""
    found, before = [], ""
    for at, char in enumerate(read.chars):
        near = read.chars[max(at - ONCE, 0) : at]
        if char not in near:
            found.append(char)
        if is_picture(char):
            continue
        if before and before + char not in near:
            found.append(before + char)
        before = char
    heard = [sound for sound, _ in read.sounds]
    for at in range(1, len(heard)):
        pair = heard[at - 1], heard[at]
        near = heard[max(at - ONCE, 0) : at]
        if all(pair) and (heard[at] not in near or pair not in zip(near, near[1:])):
            found.append(" ".join(pair))
    return found


def is_picture(char: str) -> bool:
    """As in src/moderation/prior/compact.rs."""
    return "\u2600" <= char <= "\u27bf" or "\U0001f300" <= char <= "\U0001faff"


def counter(grams: list[str] | None = None) -> CountVectorizer:
    fewest = 1 if grams else LINES_MIN
    return CountVectorizer(analyzer=seen, min_df=fewest, vocabulary=grams)


def scaled(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Divided by the root of how many known grams a text has."""
    known = np.asarray(counts.sum(axis=1), dtype=float).ravel()
    return sparse.csr_matrix(sparse.diags(1 / np.sqrt(known + SHRINK)) @ counts)


def fit(reads: Sequence[Read], labels: np.ndarray, trust: np.ndarray) -> Model:
    """Learns, cuts off what weighs little, learns again without it, and rounds. `trust` is how much each
    text says."""
    known = counter().fit(reads).get_feature_names_out()
    grams = [gram for gram in known if not is_number(gram)]
    for _ in range(2):
        count = counter(grams)
        known = scaled(count.fit_transform(reads))
        regression = LogisticRegression(C=LOOSE, class_weight="balanced", max_iter=1000, tol=1e-4)
        regression.fit(known, labels, sample_weight=trust)
        weights = (regression.coef_[1:] - regression.coef_[0]).T
        kept = np.abs(weights).max(axis=1) >= WEIGHT_MIN
        last = grams
        grams = [gram for gram, is_kept in zip(grams, kept, strict=True) if is_kept]
    rounded = np.clip(np.rint(weights / UNIT), -127, 127).astype(int)
    beside = ["0" in gram for gram in last]
    rounded[beside] = np.minimum(rounded[beside], 0)
    return Model(last, rounded, regression.intercept_[1:] - regression.intercept_[0])

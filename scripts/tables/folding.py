"""What one code point folds to: fold.txt."""

import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import chain

import regex
import unicodedata2 as ucd

from sources import confusables, emojis, simplified

DROPPED = regex.compile(
    r"[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Me}]|[\p{Cc}--\x85]"
    r"|[\p{Mn}&&[\u0300-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F]]",
    regex.V1,
)
DASH = regex.compile(r"\p{Dash}")
# Names of characters, not characters.
TILDE = regex.compile(r"(?:(?:SMALL|FULLWIDTH|MODIFIER LETTER LOW) )?TILDE(?: OPERATOR)?|(?:WAVE|WAVY|SWUNG) DASH")
ENCLOSED_LETTERS = regex.compile(
    r"(?:CROSSED )?(?:NEGATIVE )?(?:CIRCLED|SQUARED) (?:LATIN (?:CAPITAL|SMALL) LETTER )?([A-Z]{1,4})"
)
ENCLOSED = regex.compile(
    r"[\p{Block=Enclosed_Alphanumerics}\p{Block=Enclosed_Alphanumeric_Supplement}"
    r"\p{Block=Dingbats}\p{Block=Enclosed_CJK_Letters_And_Months}]"
)
BRACKETED = regex.compile(r"[(〔](.+)[)〕]")
RADICAL = regex.compile(r"\p{Block=CJK_Radicals_Supplement}")
HAN = regex.compile(r"\p{Script=Han}")
KEYCAP = regex.compile(r":keycap_(\d+):")


def number(char: str) -> str | None:
    """The ASCII digits of a digit form. Han numerals are none: the engine reads them as words."""
    category, value = ucd.category(char), ucd.numeric(char, None)
    if value is None:
        keycap = KEYCAP.fullmatch(emojis()[char]["en"]) if char in emojis() else None
        return keycap[1] if keycap else None
    digit_form = (
        category == "Nd"
        or (category == "No" and (ucd.digit(char, None) is not None or ENCLOSED.match(char)))
        or (category == "Nl" and value < 10 and ucd.name(char).startswith("HANGZHOU NUMERAL"))
    )
    return str(int(value)) if digit_form else None


def lower(char: str) -> str:
    """Case folding. What Unicode 3.2 has is stable in every Python; what is younger goes by its name."""
    if unicodedata.ucd_3_2_0.category(char) != "Cn":
        return char.casefold()
    name = ucd.name(char, "")
    if ucd.category(char) != "Lu" or "CAPITAL" not in name:
        return char
    try:
        return str(ucd.lookup(name.replace("CAPITAL", "SMALL")))
    except KeyError:
        return char


def without_marks(char: str) -> str:
    """The letter without dropped marks (é), or without what a Latin letter's name says it is `WITH` (ø)."""
    name = ucd.name(char, "")
    if name.startswith("LATIN ") and " WITH " in name:
        try:
            base = fold(ucd.lookup(name[: name.index(" WITH ")]))
        except KeyError:
            base = char
        if base.isascii():
            return base
    if ucd.category(char)[0] != "L":
        return char
    return str(ucd.normalize("NFC", DROPPED.sub("", ucd.normalize("NFD", char))))


def step(char: str) -> str:
    """One step of folding. The order is the priority; what no rule knows stays as it is."""
    if char.isascii():
        return char.lower()
    if DROPPED.match(char):
        return ""
    if digits := number(char):
        return digits
    category, name = ucd.category(char), ucd.name(char, "")
    if category in ("Zl", "Zp") or char == "\x85":
        return "\n"
    if category == "Zs":
        return " "
    if TILDE.fullmatch(name):
        return "~"
    if DASH.match(char):
        return "-"
    if ENCLOSED.match(char) and (letters := ENCLOSED_LETTERS.fullmatch(name)):
        return str(letters[1]).lower()
    if RADICAL.match(char):
        han = [twin for twin in confusables().get(char, []) if len(twin) == 1 and HAN.match(twin)]
        if han:
            return han[0]
    folded = ucd.normalize("NFKC", char)
    if bracketed := BRACKETED.fullmatch(folded):
        folded = bracketed[1]
    folded = "".join(map(without_marks, "".join(map(lower, folded))))
    folded = "".join(simplified().get(part, part) for part in folded)
    combining = any(ucd.category(part)[0] == "M" and not DROPPED.match(part) for part in folded)
    return char if combining else folded


@cache
def fold(chars: str) -> str:
    """Folds to the fixpoint: no character of the result folds any further."""
    folded = "".join(map(step, chars))
    return folded if folded == chars else fold(folded)


@cache
def folds() -> dict[str, str]:
    """Every code point beyond ASCII that folds to something else."""
    scalars = map(chr, chain(range(0x80, 0xD800), range(0xE000, 0x110000)))
    known = (char for char in scalars if ucd.category(char) not in ("Cn", "Co") or DROPPED.match(char))
    return {char: to for char in known if (to := fold(char)) != char}


def fold_table() -> Iterable[str]:
    ranges: list[tuple[int, int, str]] = []
    for char, to in folds().items():
        code = ord(char)
        if ranges and ranges[-1][1:] == (code - 1, to):
            code, ranges[-1] = ranges[-1][0], (ranges[-1][0], code, to)
        else:
            ranges.append((code, code, to))
    for start, end, to in ranges:
        key = f"{start:04X}" if start == end else f"{start:04X}..{end:04X}"
        yield f"{key}\t{to}".replace("\n", "\\n")

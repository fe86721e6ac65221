#!/usr/bin/env python3
"""Holds the tables of src/moderation/tables/ to what is known without them. Needs no package."""

import string
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "src/moderation/tables"
NAMES = ("fold", "confusable", "pinyin", "parts", "emoji", "heard")
BYTES_MAX = 450_000


def rows(name: str) -> list[list[str]]:
    lines = (FOLDER / f"{name}.txt").read_bytes().decode().removesuffix("\n").split("\n")
    return [line.split("\t") for line in lines if not line.startswith("# ")]


def folds() -> dict[str, str]:
    table = {}
    for key, to in rows("fold"):
        start, _, end = key.partition("..")
        for code in range(int(start, 16), int(end or start, 16) + 1):
            assert chr(code) not in table, f"{key} comes twice"
            table[chr(code)] = to.replace("\\n", "\n")
    return table


FOLD = folds()
CONFUSABLE = dict(rows("confusable"))
READING = {char: syllable for syllable, chars in rows("pinyin") for char in chars}
PARTS = {char: pairs for char, *pairs in rows("parts")}
EMOJI = dict(rows("emoji"))


def fold(text: str) -> str:
    return "".join(FOLD.get(char, char) for char in text)


def gb2312(first: int, last: int) -> list[str]:
    """The Han characters of some of its rows."""
    cells = (bytes((row + 0xA0, cell + 0xA0)) for row in range(first, last + 1) for cell in range(1, 95))
    return [char for cell in cells if (char := cell.decode("gb2312", "ignore"))]


class Files(unittest.TestCase):
    def test_each_is_sorted_and_names_its_sources(self) -> None:
        for name in NAMES:
            with self.subTest(name):
                text = (FOLDER / f"{name}.txt").read_bytes().decode()
                self.assertIn("\n# From ", text)
                self.assertNotIn("\r", text)
                self.assertTrue(text.endswith("\n"))
                keys = [row[0] for row in rows(name)]
                order = [int(key.partition("..")[0], 16) for key in keys] if name == "fold" else keys
                self.assertEqual(order, sorted(set(order)))

    def test_together_they_stay_small(self) -> None:
        self.assertLess(sum((FOLDER / f"{name}.txt").stat().st_size for name in NAMES), BYTES_MAX)


class Fold(unittest.TestCase):
    def test_folding_twice_is_folding_once(self) -> None:
        self.assertEqual({char: to for char, to in FOLD.items() if fold(to) != to}, {})

    def test_ascii_and_han_numerals_stay(self) -> None:
        self.assertEqual([char for char in FOLD if char.isascii()], [])
        self.assertEqual([char for char in "一二三四五六七八九十百零〇幺两壹贰叁肆伍陆柒捌玖拾" if char in FOLD], [])

    def test_no_target_has_capitals_or_marks(self) -> None:
        self.assertEqual({char: to for char, to in FOLD.items() if to != to.lower() and to.isascii()}, {})
        self.assertEqual({char: to for char, to in FOLD.items() if "\u0300" <= to[:1] <= "\u036f"}, {})

    def test_every_evasion_reads_as_what_it_means(self) -> None:
        for written, meant in {
            "１３８ＶＸ＠": "138vx@",
            "⒈⑴①❶➀➊⓵㈠㊀¹₁𝟏𝟙🄂": "1" * 14,
            "⓪⓿₀🄀🄋": "0" * 5,
            "❿⑩⓾⒑㈩㊉🔟": "10" * 7,
            "⑳㉑㊿㉋": "20215040",
            "𝟗٩۹९〩９": "9" * 6,
            "1\ufe0f\u20e3": "1",
            "電話轉帳臺灣衞": "电话转帐台湾卫",
            "ǎéīòǚÜ": "aeiouu",
            "Øłđ": "old",
            "ⓥⓧ🅥🅧🆅🆇⒱⒳ＶＸ": "vx" * 5,
            "ⅤⅩ🆔㊙㊤": "vxid秘上",
            "㎝㎏℡№": "cmkgtelno",
            "⼈⾔⻅⻔金豈": "人言见门金岂",
            "–—−‐－": "-" * 5,
            "～〜∼": "~~~",
            "\u00a0\u2003\u3000": "   ",
            "\u2028\u2029\u0085": "\n\n\n",
            "微\u200b信\u2060\u00ad\ufeff\U000e0041": "微信",
            "k\u0301a\u030co": "kao",
        }.items():
            with self.subTest(written):
                self.assertEqual(fold(written), meant)


class Confusable(unittest.TestCase):
    def test_nothing_folds_that_is_confusable(self) -> None:
        self.assertEqual([char for char in CONFUSABLE if char in FOLD], [])
        self.assertLessEqual(set(CONFUSABLE.values()), set(string.ascii_lowercase + string.digits))

    def test_letters_of_other_scripts_read_as_latin(self) -> None:
        for text in ("ＶХ vx", "ԛԛ qq", "ᴠᴡᴇɪ vwei", "НОВА hoba", "ΑΒΧ abx", "ꓦⲬ vx"):
            written, meant = text.split()
            with self.subTest(written):
                self.assertEqual("".join(CONFUSABLE.get(char, char) for char in fold(written)), meant)


class Pinyin(unittest.TestCase):
    def test_every_character_of_gb_2312_is_read(self) -> None:
        self.assertEqual([char for char in gb2312(16, 87) if fold(char) not in READING], [])

    def test_a_character_has_one_reading_and_does_not_fold(self) -> None:
        self.assertEqual(sum(len(chars) for _, chars in rows("pinyin")), len(READING))
        self.assertEqual([char for char in READING if char in FOLD], [])
        self.assertEqual([s for s in set(READING.values()) if not (s.isascii() and set(s) & set("aeiouv"))], [])

    def test_readings_are_the_usual_ones(self) -> None:
        usual = "薇wei 威wei 信xin 似si 佛fo 绿lv 女nv 略lve 行xing 都dou 了le 的de 着zhe 嗯en 琢zhuo 贷dai"
        for char, *syllable in usual.split():
            self.assertEqual(READING[char], "".join(syllable), char)


class Parts(unittest.TestCase):
    def test_characters_come_apart_as_people_type_them(self) -> None:
        for char, wanted in {"信": {"亻言", "人言"}, "枪": {"木仓"}, "说": {"讠兑", "言兑"}, "打": {"扌丁"}}.items():
            self.assertLessEqual(wanted, set(PARTS[char]), char)

    def test_a_split_is_two_other_characters_that_do_not_fold(self) -> None:
        faults = {c: p for c, p in PARTS.items() if any(len(x) != 2 or c in x or fold(x) != x for x in p)}
        self.assertEqual(faults, {})

    def test_most_characters_have_one(self) -> None:
        self.assertGreater(sum(char in PARTS for char in gb2312(16, 87)), 5500)


class Emoji(unittest.TestCase):
    def test_names_are_chinese(self) -> None:
        for emoji, name in {"🧧": "红包", "📱": "手机", "☎": "电话", "🐧": "企鹅", "➕": "加"}.items():
            self.assertEqual(EMOJI[emoji], name)

    def test_none_is_a_sequence_a_flag_or_folded(self) -> None:
        self.assertEqual([emoji for emoji in EMOJI if len(emoji) != 1 or emoji in FOLD], [])
        self.assertEqual([emoji for emoji in "🏁🚩🏴0#" if emoji in EMOJI], [])


class Heard(unittest.TestCase):
    def test_a_word_sounds_like_each_word_it_names(self) -> None:
        for word, names in rows("heard"):
            for guarded in names.split(","):
                with self.subTest(word=word, guarded=guarded):
                    self.assertNotEqual(word, guarded)
                    self.assertEqual([READING[char] for char in word], [READING[char] for char in guarded])


if __name__ == "__main__":
    unittest.main()

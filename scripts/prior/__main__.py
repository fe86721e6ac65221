"""Learns the prior of moderation, config/lexicon/prior.tsv, from labelled lines.

    python3 -m venv target/prior && target/prior/bin/pip install -r scripts/prior.requirements.txt
    target/prior/bin/python scripts/prior [--check | --measure] [FILE ...]

FILE is labelled lines as tests/moderation/README.md describes them; without one, all of tests/moderation
that is not kept for judging. What the templates of scripts/prior/talk make comes beside them, and words thrown
together. The engine folds all of it (`belfry lexicon fold`), so that what is learned is what it will read.
`--measure` writes nothing: it leaves out one writer at a time, and of the first a fifth at a time, says what
those lines then score, and never parts lines that are nearly the same. `--check` writes nothing and exits with
1 when the file is not what would be learned now; a weight may differ by one, since processors round differently.
"""

import argparse
import os
import sys
from importlib.metadata import version
from pathlib import Path

# One thread adds in one order.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np

import model
from lines import CLASSES, TEMPLATES, Line, groups, lines, made

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "config/lexicon/prior.tsv"
# How much a line says that a template made, beside one that somebody wrote.
TRUST = 0.5
# Logarithms of odds, by measurement: docs/decisions/learned-prior.md.
LIMITS = {"grave": -2.5, "benign": -1.5, "cue": 1.5, "alone": 2.8}


def content(learned: model.Model, known: int) -> str:
    rows = zip(learned.grams, learned.weights.tolist(), strict=True)
    body = ["\t".join((gram, *map(str, weights))) for gram, weights in sorted(rows) if any(weights)]
    head = [
        "# How speech sounds that moderation is about: a character or two, or two syllables, then how much it speaks",
        "# for privacy, property and sensitive, against none of them. Written by scripts/prior: change that, not this.",
        f"# Learned from {known} lines of tests/moderation and templates, and from words of jieba {version('jieba')} (MIT) as",
        "# speech about nothing. What the lines with @ mean: docs/MODERATION.md",
        f"@unit\t{model.UNIT}",
        f"@shrink\t{model.SHRINK}",
        "\t".join(("@bias", *(f"{bias:.3f}" for bias in learned.bias))),
        "\t".join(("@limits", *map(str, LIMITS.values()))),
    ]
    return "".join(f"{line}\n" for line in [*head, *body])


def fit(told: list[Line]) -> model.Model:
    trust = np.array([TRUST if line.writer == TEMPLATES else 1.0 for line in told])
    return model.fit([line.read for line in told], np.array([line.label for line in told]), trust)


def measure(told: list[Line]) -> None:
    """What lines score that were left out: those of a writer, or a fifth of those of the first."""
    fifth = groups([line.read.chars for line in told]) % 5
    parts = [line.writer or -1 - fifth[at] for at, line in enumerate(told)]
    for name, left_out in (("other writers", {1, 2}), ("the first writer", set(range(-5, 0)))):
        scores, labels = [], []
        for part in left_out:
            learned = fit([line for line, its in zip(told, parts, strict=True) if its != part])
            rest = [line for line, its in zip(told, parts, strict=True) if its == part]
            scores.append(learned.scores([line.read for line in rest]))
            labels.extend(line.label for line in rest)
        tell(name, np.concatenate(scores), np.array(labels))


def tell(name: str, scores: np.ndarray, labels: np.ndarray) -> None:
    worst, guilty = scores.max(axis=1), labels > 0
    named = scores.argmax(axis=1) + 1 == labels
    for limit, at in LIMITS.items():
        over = worst >= at
        print(
            f"{name}, {limit} {at:+.1f}: above it {over[guilty].mean():.1%} of what is to be caught"
            f" ({(over & named)[guilty].mean():.1%} by its class), {over[~guilty].mean():.2%} of the rest"
        )


def differs(old: str, new: str) -> bool:
    """Whether two files say something else, or a weight differs by more than one."""
    def rows(text: str) -> dict[str, list[float]]:
        split = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
        return {key: [float(number) for number in numbers] for key, *numbers in split}

    before, after = rows(old), rows(new)
    none = [0.0] * (len(CLASSES) - 1)
    pairs = ((before.get(key, none), after.get(key, none)) for key in before | after)
    return any(len(a) != len(b) or max(abs(x - y) for x, y in zip(a, b, strict=True)) > 1 for a, b in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(description="Learns config/lexicon/prior.tsv from labelled lines.")
    parser.add_argument("files", nargs="*", type=Path, help="labelled lines; none for those of tests/moderation")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the file would change")
    parser.add_argument("--measure", action="store_true", help="write nothing; tell how it does on lines left out")
    parser.add_argument("--belfry", help="the binary that folds; built when it is not given")
    wanted = parser.parse_args()
    cargo = ["cargo", "run", "--quiet", "--locked", "--manifest-path", str(ROOT / "Cargo.toml"), "--"]
    kept = (path for path in (ROOT / "tests/moderation").glob("*.jsonl") if ".judge." not in path.name)
    belfry = [wanted.belfry] if wanted.belfry else cargo
    told = lines(wanted.files or sorted(kept), belfry) + made(belfry)
    if wanted.measure:
        measure(told)
        return 0
    learned = content(fit(told), len(told))
    if wanted.check:
        if differs(FILE.read_text("utf-8"), learned):
            print(f"{FILE.relative_to(ROOT)} is not what scripts/prior learns from the lines", file=sys.stderr)
            return 1
        return 0
    FILE.write_text(learned, "utf-8", newline="\n")
    print(f"{FILE.relative_to(ROOT)}: {len(learned.encode())} bytes, {len(learned.splitlines())} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())

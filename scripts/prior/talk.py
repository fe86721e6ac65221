"""Lines from templates: how people of the exam talk, more of it than anybody would write out.

The labelled lines hold what their writers thought of. A template tells in how many other words the same is
said; `talk/*.txt` hold them, each under the label that its file is named after.
"""

import re
from pathlib import Path
from random import Random

FOLDER = Path(__file__).parent / "talk"
# So many lines are drawn from each template.
LINES = {"allow": 24, "privacy": 14, "property": 14, "sensitive": 14}
NAMED = re.compile(r"<([a-z]+)>")
CHOICE = re.compile(r"\{([^{}]*)\}")


def texts(label: str) -> list[str]:
    """The lines of a label, the same at every call."""
    words = dict(line.split(" = ") for line in rows("words"))
    chance, found = Random(label), []
    for template in rows(label):
        drawn = {draw(template, words, chance) for _ in range(LINES[label])}
        found.extend(sorted(drawn))
    return found


def rows(name: str) -> list[str]:
    lines = (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def draw(template: str, words: dict[str, str], chance: Random) -> str:
    """A template with one of each of its choices, from the inner ones outwards."""
    line = NAMED.sub(lambda found: "{" + words[found[1]] + "}", template)
    while CHOICE.search(line):
        line = CHOICE.sub(lambda found: chance.choice(found[1].split("|")), line, count=1)
    return line

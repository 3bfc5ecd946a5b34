"""Make `language/data/sounds.json`: how the characters of everyday Chinese are read, without tones.

    python -m training.make_sounds     (needs the package pypinyin, which nothing else here uses)

Maps readings (the commonest first, by the words of pypinyin's dictionary) to the characters read so.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from pypinyin import lazy_pinyin
from pypinyin.phrases_dict import phrases_dict

from language.folding import fold_text

TARGET = Path(__file__).resolve().parent.parent / "language" / "data" / "sounds.json"
RARE = 0.05  # a reading in fewer of a character's words than this is left out
MOST = 3


def readings(counts: Counter[str], alone: str) -> list[str]:
    """The readings worth knowing, the commonest first."""
    total = sum(counts.values())
    common = [syllable for syllable, n in counts.most_common(MOST) if n >= RARE * total]
    return common or [alone]


def counted() -> dict[str, Counter[str]]:
    """How often each character is read how, over the words of the dictionary."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for word in phrases_dict:
        for character, syllable in zip(word, lazy_pinyin(word, v_to_u=False), strict=False):
            counts[character][syllable] += 1
    return counts


def main() -> None:
    table: dict[str, list[str]] = defaultdict(list)
    known = counted()
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                character = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            if fold_text(character) != character:
                continue
            spoken = readings(known[character], lazy_pinyin(character, v_to_u=False)[0])
            if all(syllable.isascii() and syllable.isalpha() for syllable in spoken):
                table[" ".join(spoken)].append(character)
    data = {spoken: "".join(characters) for spoken, characters in sorted(table.items())}
    TARGET.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {sum(map(len, data.values()))} characters\n")


if __name__ == "__main__":
    main()

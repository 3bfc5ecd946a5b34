"""Make `language/data/fold.json`: which characters are the same for matching.

    python -m training.make_fold_table

One-to-one changes (full width, upper case, Traditional) go into two parallel strings, so that the
running desk folds most texts with a single `str.translate`. Everything that changes length or
depends on its neighbour is listed as "slow" and folded piece by piece.
"""

import json
import sys
import unicodedata
from pathlib import Path

from opencc import OpenCC

TARGET = Path(__file__).resolve().parent.parent / "language" / "data" / "fold.json"
EMOJI_FIRST = range(0x1F200, 0x1F300)  # squared CJK: on screens they are emoji, NFKC would make words of them
TABLE_END = 0x20000
KEEP = {"么": "么", "麽": "么"}  # OpenCC takes 么 for a variant of 幺, which nobody writing 什么 means
JAMO = (*range(0x1100, 0x1200), *range(0xA960, 0xA980), *range(0xD7B0, 0xD800))
INVISIBLE = {
    *(c for c in range(0x20) if chr(c) not in "\t\n\r"),
    *range(0x7F, 0xA0),
    0xAD,
    0x34F,
    0x61C,
    *range(0x115F, 0x1161),
    *range(0x17B4, 0x17B6),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0x2800,
    0x3164,
    *range(0xFE00, 0xFE10),
    0xFEFF,
    0xFFA0,
    *range(0xFFF9, 0xFFFC),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
}


def simplified(character: str, converters: list[OpenCC]) -> str:
    """The Simplified form by the first converter that knows the character; never longer than one."""
    if character in KEEP:
        return KEEP[character]
    for converter in converters:
        result: str = converter.convert(character)
        if result != character and len(result) == 1:
            return result
    return character


def folded(character: str, converters: list[OpenCC]) -> str:
    """What one character becomes; repeated until nothing changes, so that folding twice is folding once."""
    for _ in range(4):
        plain = unicodedata.normalize("NFKC", character).lower()
        result = "".join(simplified(c, converters) for c in plain)
        if result == character:
            break
        character = result
    return character


def joining() -> set[int]:
    """Characters that may melt into the one before them: marks, and the second halves of compositions."""
    found = set(JAMO)
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.combining(unicodedata.normalize("NFKD", character)[:1]):
            found.add(code)
        parts = unicodedata.decomposition(character)
        if parts and not parts.startswith("<"):
            found.update(c for c in (int(p, 16) for p in parts.split()[1:]) if c > 0x2FF)
    return found


def ranges(codes: set[int]) -> list[list[int]]:
    """Sorted inclusive ranges."""
    result: list[list[int]] = []
    for code in sorted(codes):
        if result and result[-1][1] == code - 1:
            result[-1][1] = code
        else:
            result.append([code, code])
    return result


def main() -> None:
    converters = [OpenCC(name) for name in ("t2s", "tw2s", "hk2s")]
    joins, slow, pairs = joining(), set(INVISIBLE), []
    for code in range(sys.maxunicode + 1):
        if code in INVISIBLE or code in EMOJI_FIRST or 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        result = folded(character, converters)
        if result == character:
            continue
        if len(result) == 1 and code < TABLE_END and ord(result) < sys.maxunicode and code not in joins:
            pairs.append((character, result))
        else:
            slow.add(code)
    slow |= joins | {0xFFFF}
    table = {
        "from": "".join(a for a, _ in pairs),
        "to": "".join(b for _, b in pairs),
        "slow": ranges(slow),
        "joins": ranges(joins),
        "invisible": ranges(INVISIBLE),
        "wide": {chr(c): folded(chr(c), converters) for c in sorted(slow - joins - INVISIBLE)},
    }
    TARGET.write_text(json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {len(pairs)} one to one, {len(table['wide'])} wide, {len(slow)} slow\n")


if __name__ == "__main__":
    main()

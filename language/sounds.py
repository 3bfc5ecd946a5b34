"""How characters are read: toneless pinyin, from a table of the everyday characters."""

from functools import cache
from itertools import islice, product

from language.resources import load_json

PRIVATE = 0xE000  # each syllable is one private-use character, so that sounds are searched like text
TABLE_END = 0x10000


@cache
def readings() -> dict[str, tuple[str, ...]]:
    """Character → its readings, the commonest first."""
    data = load_json("sounds.json")
    table: dict[str, tuple[str, ...]] = {
        c: (syllable,) for syllable, characters in data["first"].items() for c in characters
    }
    for character, second in data["also"].items():
        if second not in table[character]:
            table[character] = (*table[character], second)
    return table


@cache
def _sound_table() -> list[int]:
    table, codes = list(range(TABLE_END)), dict[str, int]()
    for character, spoken in readings().items():
        table[ord(character)] = codes.setdefault(spoken[0], PRIVATE + len(codes))
    return table


def as_sounds(folded: str) -> str:
    """The text with every known character replaced by its sound; length and positions stay."""
    return folded.translate(_sound_table())


def spellings(term: str, *, limit: int) -> list[str]:
    """The term with one to all of its characters spelled in Latin letters: tui款, 退kuan, tuikuan."""
    table = readings()
    if any(c not in table for c in term):
        return []
    variants = product(*((c, *table[c]) for c in term))
    return [spelled for spelled in map("".join, islice(variants, limit)) if spelled != term]

"""How characters are read: toneless pinyin, from a table of the everyday characters."""

from functools import cache
from itertools import chain, islice, product

from language.resources import load_json

FIRST, LAST = 0x600, 0x7FF  # each syllable is one character of these, so that sounds are searched like text
NO_SOUND = 0xFFFD  # what such characters become themselves
TABLE_END = 0x10000


@cache
def readings() -> dict[str, tuple[str, ...]]:
    """Character → its readings, the commonest first."""
    return {c: tuple(spoken.split()) for spoken, characters in load_json("sounds.json").items() for c in characters}


@cache
def _sound_table() -> list[int]:
    table, codes = list(range(TABLE_END)), dict[str, int]()
    table[FIRST : LAST + 1] = [NO_SOUND] * (LAST + 1 - FIRST)
    for character, spoken in readings().items():
        table[ord(character)] = codes.setdefault(spoken[0], FIRST + len(codes))
    return table


def as_sounds(folded: str) -> str:
    """The text with every known character replaced by its sound; length and positions stay."""
    return folded.translate(_sound_table())


def spellings(term: str, *, limit: int) -> list[str]:
    """The term with one to all of its characters spelled in Latin letters: tui款, 退kuan, tuikuan.

    Where there are too many, those with all or with one character spelled come first.
    """
    table = readings()
    if any(c not in table for c in term):
        return []
    whole = map("".join, product(*(table[c] for c in term)))
    one = (term[:at] + syllable + term[at + 1 :] for at, c in enumerate(term) for syllable in table[c])
    mixed = map("".join, product(*((c, *table[c]) for c in term)))
    forms = dict.fromkeys(islice(chain(islice(whole, limit // 2), one, mixed), 3 * limit))
    return [form for form in islice(forms, limit) if form != term]

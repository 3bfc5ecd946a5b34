"""Words that rise: in more of the texts of the last hours than they used to be. Knows no database.

Chinese is not segmented: pairs of neighbouring characters are counted, and pairs that rise side by side are shown as
the longer word they are part of. Everything is counted in texts, never in occurrences.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

AT_LEAST = 4  # texts of the last hours
TIMES = 2.5  # so many times its usual share
DEVIATIONS = 3.0
PAST_AT_LEAST = 20  # texts; with fewer nobody knows what is usual
LONGEST = 8  # characters of a word made of pairs
COVERED = 0.6  # of the texts of a pair hold the longer word: then the pair says nothing more

_HAN = re.compile("[一-鿿㐀-䶿]{2,}")
_LATIN = re.compile("[a-z][a-z0-9]{2,}")
# What says nothing, and no word reaches across.
_IDLE = re.compile(
    "[的了是我你您他她它们这那吗呢吧啊哦呀么就都也很还又]|一个|没有|不是|可以|因为|所以|但是|现在|时候|知道|觉得|大家|自己|今天|昨天"
    r"|明天|已经|如果|然后|而且|什么|怎么|真的|有人|感觉|转发|微博|全文|展开|视频|网页|链接|@[^\s:]{1,30}|https?://[!-~]+"
    r"|\b(?:and|for|with|that|this|from|have|you|the|are|was|not)\b"
)


@dataclass(frozen=True)
class Rise:
    """`usual`: in how many of as many texts it used to be."""

    word: str
    texts: int
    usual: float


def rising(lately: Sequence[str], before: Sequence[str], *, most: int = 12) -> list[Rise]:
    """Strongest first; texts are folded."""
    if len(before) < PAST_AT_LEAST:
        return []
    telling = [_IDLE.sub(" ", text) for text in lately]
    risen = _risen(
        _counted(telling), _counted(_IDLE.sub(" ", text) for text in before), share=len(lately) / len(before)
    )
    longer = _longer(telling, risen)
    covered = dict.fromkeys(risen, 0)
    for word, texts in longer.items():
        for pair in _pairs(word):
            covered[pair] = max(covered[pair], texts)
    alone = (rise for pair, rise in risen.items() if covered[pair] < COVERED * rise.texts)
    joined = (Rise(word, texts, min(risen[pair].usual for pair in _pairs(word))) for word, texts in longer.items())
    return _without_parts(sorted([*alone, *joined], key=lambda rise: (-_strength(rise), rise.word)))[:most]


def _words(text: str) -> set[str]:
    return {pair for run in _HAN.findall(text) for pair in _pairs(run)}.union(_LATIN.findall(text))


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))


def _counted(texts: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_words(text))
    return counts


def _risen(lately: Mapping[str, int], before: Mapping[str, int], *, share: float) -> dict[str, Rise]:
    found = {}
    for word, texts in lately.items():
        usual = before.get(word, 0) * share
        if texts >= AT_LEAST and texts >= usual * TIMES and texts - usual >= DEVIATIONS * sqrt(max(usual, 1.0)):
            found[word] = Rise(word, texts, round(usual, 1))
    return found


def _longer(texts: Iterable[str], risen: Mapping[str, Rise]) -> dict[str, int]:
    """Words of three characters and more that risen pairs make side by side, with their texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({word for run in _HAN.findall(text) for word in _chains(run, risen)})
    return {word: texts for word, texts in counts.items() if texts >= AT_LEAST}


def _chains(run: str, risen: Mapping[str, Rise]) -> Iterator[str]:
    start = 0
    for end in range(1, len(run) + 1):
        if end == len(run) or run[end - 1 : end + 1] not in risen:
            if end - start > 2:
                yield run[start : min(end, start + LONGEST)]
            start = end


def _strength(rise: Rise) -> float:
    return rise.texts * log((rise.texts + 1) / (rise.usual + 1))


def _without_parts(rises: Sequence[Rise]) -> list[Rise]:
    """Nothing that is a part of a stronger one, nor a stronger one with more around it."""
    chosen: list[Rise] = []
    for rise in rises:
        if not any(rise.word in other.word or other.word in rise.word for other in chosen):
            chosen.append(rise)
    return chosen

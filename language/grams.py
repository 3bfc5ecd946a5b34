"""The form of texts that sentiment and category are read from, by the n-grams of one to three characters in them."""

import re
from collections.abc import Sequence
from operator import add

from language.folding import fold_text, fold_together

# Cantonese words that carry the judgement, in the written Mandarin the models were trained on (folded forms).
CANTONESE = {
    "唔系": "不是",
    "唔好": "不好",
    "唔": "不",
    "嘅": "的",
    "系咪": "是不是",
    "系": "是",
    "冇": "没有",
    "咗": "了",
    "嚟": "来",
    "嘢": "东西",
    "佢": "他",
    "哋": "们",
    "咁": "这么",
    "啲": "些",
    "喺": "在",
    "睇": "看",
    "俾": "给",
    "畀": "给",
    "乜": "什么",
    "边度": "哪里",
    "点解": "为什么",
    "噉": "这样",
    "仲": "还",
    "靓": "漂亮",
    "抵食": "实惠",
    "伏": "坑",
    "唧": "的",
    "咩": "什么",
    "嗰": "那",
    "攞": "拿",
    "嬲": "生气",
    "搵": "找",
    "食": "吃",
    "饮": "喝",
    "屋企": "家",
}
# Written only in Cantonese: without one of these the map stays away (系 and 食 are ordinary Mandarin).
CANTONESE_MARK = re.compile("[唔嘅冇咗嚟嘢佢哋咁啲喺俾畀乜噉嗰攞嬲搵睇]")
CANTONESE_WORD = re.compile("|".join(sorted(CANTONESE, key=len, reverse=True)))
NUMBER = re.compile("[0-9]+")
NOISE = re.compile(r"https?://[^\s一-鿿]+|@[^\s:,,。]{1,20}|\s+")
SENTENCE = re.compile(r"[^。!?;~\n]+[。!?;~\n]*")


def prepare(text: str) -> str:
    """The form models read: folded, numbers as one digit, links, names and runs of blanks out of the way."""
    return prepare_folded(fold_text(text))


def prepare_folded(folded: str) -> str:
    """The same for a text that is folded already."""
    if CANTONESE_MARK.search(folded):
        folded = CANTONESE_WORD.sub(lambda m: CANTONESE[m.group()], folded)
    return NUMBER.sub("0", NOISE.sub(" ", folded))


def prepare_all(texts: Sequence[str]) -> list[str]:
    """Many texts prepared, for less."""
    together = fold_together(texts)
    return [prepare_folded(together.one(number)) for number in range(len(texts))]


def grams(text: str) -> set[str]:
    """All n-grams of one to three characters of a prepared text: what training counts; `linear` finds the known."""
    pairs = list(map(add, text, text[1:]))
    return {*text, *pairs, *map(add, pairs, text[2:])}


def sentences(text: str) -> list[str]:
    """Sentences of a prepared text, those of fewer than four characters left out."""
    return [s for s in SENTENCE.findall(text) if len(s) >= 4]

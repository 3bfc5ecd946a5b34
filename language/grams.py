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
    "𠮶": "那",  # 嗰
    "攞": "拿",
    "嬲": "生气",
    "揾": "找",  # 搵
    "食": "吃",
    "饮": "喝",
    "屋企": "家",
    "今次": "这次",
    "而家": "现在",
    "钟意": "喜欢",
    "麻麻地": "一般",
    "麻麻": "一般",
    "贵价": "贵",
    "伙计": "服务员",
    "楼面": "服务员",
    "阿姐": "服务员",
    "黑面": "脸色差",
    "激气": "生气",
    "求其": "敷衍",
    "呃": "骗",
    "冻晒": "凉了",
    "顶唔顺": "受不了",
    "食晒": "吃完",
    "蚊": "元",
    "啱": "合适",
    "腍": "软",
}
# Words of Hong Kong and Taiwan that stand in written Mandarin as well, and mean nothing else there.
ELSEWHERE = {
    "好味": "好吃",
    "好食": "好吃",
    "难食": "难吃",
    "抵食": "实惠",
    "侍应": "服务员",
    "埋单": "买单",
    "中伏": "上当",
    "核突": "恶心",
    "污糟": "脏",
    "曱甴": "蟑螂",
    "乌蝇": "苍蝇",
    "帮衬": "光顾",
    "cp值": "性价比",
    "c/p值": "性价比",
    "踩雷": "上当",
}
# Written only in Cantonese: without one of these the map stays away (系 and 食 are ordinary Mandarin).
CANTONESE_MARK = re.compile("[唔嘅冇咗嚟嘢佢哋咁啲喺俾畀乜噉𠮶攞嬲揾睇啱腍曱]")
CANTONESE_WORD = re.compile("|".join(sorted(CANTONESE, key=len, reverse=True)))
ELSEWHERE_WORD = re.compile("|".join(sorted(ELSEWHERE, key=len, reverse=True)))
NUMBER = re.compile("[0-9]+")
NOISE = re.compile(r"https?://[^\s一-鿿]+|@[^\s:,,。]{1,20}|\s+")
SENTENCE = re.compile(r"[^。!?;~\n]+[。!?;~\n]*")


def prepare(text: str) -> str:
    """The form models read: folded, numbers as one digit, links, names and runs of blanks out of the way."""
    return prepare_folded(fold_text(text))


def prepare_folded(folded: str) -> str:
    """The same for a text that is folded already."""
    folded = ELSEWHERE_WORD.sub(lambda m: ELSEWHERE[m.group()], folded)
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

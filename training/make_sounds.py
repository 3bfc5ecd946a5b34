"""Make `language/data/sounds.json`: how the characters of everyday Chinese are read, without tones.

    python -m training.make_sounds     (needs the package pypinyin, which nothing else here uses)

`first` maps each syllable to the characters read so; `also` lists further common readings.
"""

import json
import sys
from pathlib import Path

from pypinyin import Style, pinyin

from language.folding import fold_text

TARGET = Path(__file__).resolve().parent.parent / "language" / "data" / "sounds.json"
ALSO = {
    "行": "hang",
    "乐": "yue",
    "重": "chong",
    "长": "zhang",
    "还": "huan",
    "调": "diao",
    "降": "xiang",
    "率": "shuai",
    "朝": "chao",
    "传": "zhuan",
    "弹": "dan",
    "说": "shui",
    "参": "shen",
    "数": "shuo",
    "便": "pian",
    "差": "chai",
    "场": "chang",
    "单": "shan",
    "都": "dou",
    "度": "duo",
    "恶": "wu",
    "发": "fa",
    "给": "ji",
    "会": "kuai",
    "假": "jia",
    "觉": "jiao",
    "卡": "qia",
    "色": "shai",
    "系": "ji",
    "校": "jiao",
    "血": "xie",
    "药": "yao",
    "择": "zhai",
    "着": "zhuo",
    "折": "she",
    "种": "chong",
    "扎": "zha",
}


def main() -> None:
    first: dict[str, list[str]] = {}
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                character = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            if fold_text(character) != character:
                continue
            syllable = pinyin(character, style=Style.NORMAL, v_to_u=False)[0][0]
            if syllable.isascii() and syllable.isalpha():
                first.setdefault(syllable, []).append(character)
    table = {"first": {s: "".join(c) for s, c in sorted(first.items())}, "also": dict(sorted(ALSO.items()))}
    TARGET.write_text(json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {sum(map(len, first.values()))} characters, {len(first)} syllables\n")


if __name__ == "__main__":
    main()

"""The language room: 20,000 synthetic headlines against 1,000 watch rules (groups of three words, every fifth with a
required one; about one find a headline) and against 10,000 terms, beside the usual keyword loop; `manage.py analyse`.
"""

import gc
import json
import math
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.report import Report
from language.folding import fold_text
from language.matching import Matcher
from language.rules import Rule, Term

SEED = 42
HEADLINES, LOOPED, ANALYSED = 20_000, 400, 20_000
ROUNDS = 7
CHARACTERS = "".join(c for c in map(chr, range(0x4E00, 0x4E00 + 4000)) if fold_text(c) == c)  # the loop folds nothing
TALK = (
    "床垫用了一周就塌了，客服说让我自己想办法",
    "送货师傅很准时，安装也仔细，家里人都喜欢",
    "等了半个月没有到货，打电话没有人接，要求退款",
    "味道太大不敢住，检测说甲醛超标，孩子一直咳嗽",
    "做工精细，颜色和图片一样，下次还会再来买",
    "店员态度恶劣，说好的赠品也没有，感觉被骗了",
)
PLACES = ("金桥店的", "网上买的", "朋友推荐的", "双十一下单的", "老家附近的")
Group = tuple[list[str], list[str]]  # required words, ordinary words


def run(report: Report) -> None:
    rng = random.Random(SEED)  # noqa: S311 -- synthetic
    words = _words(rng, 10_000)
    texts = [_headline(rng, words[:3000]) for _ in range(HEADLINES)]
    groups = [([words[3 * n]] if n % 5 == 0 else [], words[3 * n + (n % 5 == 0) : 3 * n + 3]) for n in range(1000)]
    rules = {str(n): _rule(group) for n, group in enumerate(groups)}
    plain, sharp = Matcher(rules, evasions=False), Matcher(rules)
    gc.freeze()  # as the workers do
    _same_finds(plain, groups, texts[:LOOPED])
    many = Matcher({str(n): Rule.of(word) for n, word in enumerate(words)}, evasions=False)
    loop, quick, watched, large = _alternated(
        (LOOPED, lambda: [_looped(text, groups) for text in texts[:LOOPED]]),
        (HEADLINES, lambda: plain.match_all(texts)),
        (HEADLINES, lambda: sharp.match_all(texts)),
        (HEADLINES, lambda: many.match_all(texts)),
    )
    finds = sum(map(len, plain.match_all(texts).values())) / HEADLINES
    how = f"{finds:.2f} finds a text, disguises not looked for; {quick.how}"
    report.add("language.match_1000_rules", round(quick.rate), "texts/s", how=how)
    how = f"the same with signs, pinyin, homophones; {watched.how}"
    report.add("language.match_1000_rules_disguised", round(watched.rate), "texts/s", how=how)
    how = f"nested “in” over the same groups; {loop.how}"
    report.add("language.keyword_loop_1000_rules", round(loop.rate), "texts/s", how=how)
    report.add("language.times_the_loop", round(quick.rate / loop.rate), "×", how="matching against the loop, CPU")
    how = "the same, disguises included"
    report.add("language.times_the_loop_disguised", round(watched.rate / loop.rate), "×", how=how)
    how = f"a rule for each of 10,000 terms, disguises not looked for; {large.how}"
    report.add("language.match_10000_terms", round(large.rate), "texts/s", how=how)
    _analyse(report, rng)


def _words(rng: random.Random, count: int) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(rng.choices(CHARACTERS, k=rng.choice((2, 3, 4))))] = None
    return list(words)


def _headline(rng: random.Random, words: list[str]) -> str:
    around = ["".join(rng.choices(CHARACTERS, k=rng.randrange(7, 12))) for _ in range(2)]
    return rng.choice(words).join(around)


def _rule(group: Group) -> Rule:
    required, ordinary = group
    return Rule(any_of=tuple(map(Term, ordinary)), all_of=tuple(map(Term, required)))


def _looped(text: str, groups: list[Group]) -> list[int]:
    """What news collectors usually do: every word of every group, one after the other."""
    lowered = text.lower()
    found = []
    for number, (required, ordinary) in enumerate(groups):
        if required and not all(word.lower() in lowered for word in required):
            continue
        if any(word.lower() in lowered for word in ordinary):
            found.append(number)
    return found


def _same_finds(matcher: Matcher, groups: list[Group], texts: list[str]) -> None:
    answers = matcher.match_all(texts)
    for number, text in enumerate(texts):
        assert {int(hit.id) for hit in answers.get(number, [])} == set(_looped(text, groups))  # noqa: S101 -- a check of what is measured


@dataclass
class _Speed:
    """The quickest round of a piece of work: others run beside us, none makes us quicker than we are."""

    count: int
    cpu: float = math.inf  # seconds
    wall: float = math.inf

    @property
    def rate(self) -> float:
        return self.count / self.cpu

    @property
    def how(self) -> str:
        return f"{self.rate:,.0f}/s of CPU, {self.count / self.wall:,.0f}/s by the clock"


def _alternated(*works: tuple[int, Callable[[], object]]) -> list[_Speed]:
    """By turns, so that all of them meet the same neighbours."""
    speeds = [_Speed(count) for count, _work in works]
    for _ in range(ROUNDS):
        for speed, (_count, work) in zip(speeds, works, strict=True):
            begun, busy = time.perf_counter(), time.process_time()
            work()
            speed.cpu = min(speed.cpu, time.process_time() - busy)
            speed.wall = min(speed.wall, time.perf_counter() - begun)
    return speeds


def _analyse(report: Report, rng: random.Random) -> None:
    texts = [rng.choice(PLACES) + rng.choice(TALK) + "，" + rng.choice(TALK) + str(n) for n in range(ANALYSED)]
    lines = [json.dumps({"id": n, "text": text}, ensure_ascii=False) for n, text in enumerate(texts)]
    runs = [(_through_command(lines[:1]), _through_command(lines)) for _ in range(3)]
    (start, start_busy), (whole, busy) = (tuple(map(min, zip(*side, strict=True))) for side in zip(*runs, strict=True))
    rate, by_the_clock = (len(lines) - 1) / (busy - start_busy), (len(lines) - 1) / (whole - start)
    length = sum(map(len, texts)) / len(texts)
    how = (
        f"one process, texts of {length:.0f} characters, start of {start:.1f} s not counted;"
        f" {rate:,.0f}/s of CPU, {by_the_clock:,.0f}/s by the clock"
    )
    report.add("language.analyse", round(rate), "texts/s", how=how)


def _through_command(lines: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of CPU."""
    given = ("\n".join(lines) + "\n").encode()
    command = [sys.executable, str(Path(__file__).parents[1] / "manage.py"), "analyse"]
    begun, busy = time.perf_counter(), _children_seconds()
    done = subprocess.run(command, input=given, capture_output=True, check=True)
    took = time.perf_counter() - begun, _children_seconds() - busy
    assert done.stdout.count(b"\n") == len(lines)  # noqa: S101 -- as above
    return took


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

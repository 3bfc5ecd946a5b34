"""What the language room makes of a text: the watches it fulfils, how negative it is, kinds of risk, its prints."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from language.folding import fold_text
from language.matching import Hit, Matcher
from language.rules import Rule, RuleError, Term
from language.sentiment import SourceKind, judge
from language.similarity import core, fingerprints
from monitoring.enums import SENTIMENT_OF, SourceType
from monitoring.models import Watch


@dataclass(frozen=True)
class Reading:
    folded: str
    hits: tuple[Hit, ...]
    negative: float
    is_negative: bool
    reasons: tuple[dict[str, Any], ...]
    kinds: tuple[str, ...]
    prints: tuple[int, ...]
    seed_hash: str


def read(whole: str, *, source_type: str, watches: Matcher, kinds: Matcher) -> Reading:
    """Everything but the watches is worked out only for texts some watch wants."""
    hits = tuple(watches.match(whole))
    sentiment = judge(whole, sentiment_kind(source_type))
    return Reading(
        folded=fold_text(whole),
        hits=hits,
        negative=sentiment.negative,
        is_negative=sentiment.is_negative,
        reasons=tuple({"term": reason.term, "weight": reason.weight} for reason in sentiment.reasons),
        kinds=tuple(sorted({hit.id.partition("#")[0] for hit in kinds.match(whole)})) if hits else (),
        prints=tuple(sorted(fingerprints(whole))) if hits else (),
        seed_hash=hashlib.sha256(core(whole).encode()).hexdigest() if hits else "",
    )


def sentiment_kind(source_type: str) -> SourceKind:
    kind: Any = SENTIMENT_OF.get(SourceType(source_type), "social")
    return kind  # type: ignore[no-any-return]  # the table's values are the three kinds


# ---- matchers, built once per version of what they are made of ---------------------------------


def watch_matcher() -> Matcher:
    """All active watches of the desk; one small query asks whether any changed."""
    version = tuple(Watch.objects.filter(is_active=True).order_by("pk").values_list("pk", "version"))
    return _matcher_of(version)


@lru_cache(maxsize=4)
def _matcher_of(version: tuple[tuple[int, int], ...]) -> Matcher:
    rows = Watch.objects.filter(pk__in=[pk for pk, _version in version]).values_list("pk", "rule")
    rules = {str(pk): rule for pk, data in rows if (rule := _readable(data)) is not None}
    return Matcher(rules)


def _readable(data: Mapping[str, Any]) -> Rule | None:
    """A rule that an older version of the language room wrote and this one refuses finds nothing, and stops nothing."""
    try:
        return Rule.from_dict(data)
    except RuleError:
        return None


def kind_matcher(number: int, terms: Mapping[str, Sequence[str]]) -> Matcher:
    return _kind_matcher(number, tuple((kind, tuple(map(str, words))) for kind, words in sorted(terms.items())))


@lru_cache(maxsize=4)
def _kind_matcher(number: int, terms: tuple[tuple[str, tuple[str, ...]], ...]) -> Matcher:  # noqa: ARG001 -- part of the key
    rules: dict[str, Rule] = {}
    for kind, words in terms:
        single = [word for word in words if "…" not in word]
        if single:
            rules[kind] = Rule.of(*single)
        for place, word in enumerate(word for word in words if "…" in word):
            rules[f"{kind}#{place}"] = Rule(all_of=tuple(Term(part) for part in word.split("…") if part))
    return Matcher(rules)

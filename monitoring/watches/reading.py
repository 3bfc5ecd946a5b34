"""What the language room makes of a text: the watches it fulfils, how negative it is, kinds of risk, its prints."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import repeat
from typing import Any

from django.db.models import Value

from accounts.models import Unit
from language.categories import severities
from language.folding import fold_together
from language.matching import Hit, Matcher, Place, batches
from language.named_lists import Entry, Lists, read_entries
from language.rules import ListRef, Rule, RuleError, Term
from language.sentiment import SourceKind, judge_all
from language.similarity import core_of_folded, fingerprints_of_core
from monitoring.enums import SENTIMENT_OF, ListKind, SourceType
from monitoring.models import NamedList, Source, Watch

LIST = "list:"  # what the key lists are called among the watches of the matcher


@dataclass(frozen=True)
class Reading:
    folded: str
    hits: tuple[Hit, ...]
    lists: tuple[int, ...]  # key lists the text names
    negative: float
    is_negative: bool
    reasons: tuple[dict[str, Any], ...]
    kinds: tuple[str, ...]
    prints: tuple[int, ...]
    seed_hash: str
    severity: int


def read_all(
    wholes: Sequence[str], *, hits: Mapping[int, Sequence[Hit]], source_type: str, kinds: Matcher
) -> list[Reading]:
    """In their order; `hits` by the number of the text. All but the tone is worked out only for what a watch wants."""
    readings: list[Reading] = []
    for start, end in batches(wholes):
        numbered = {number: list(hits.get(start + number, ())) for number in range(end - start)}
        readings += _read(wholes[start:end], numbered, sentiment_kind(source_type), kinds)
    return readings


def _read(
    wholes: Sequence[str], hits: Mapping[int, Sequence[Hit]], source: SourceKind, kinds: Matcher
) -> Iterator[Reading]:
    together = fold_together(wholes)
    folded = list(map(together.one, range(len(wholes))))
    wanted = [number for number, found in hits.items() if any(not hit.id.startswith(LIST) for hit in found)]
    told = {number: core_of_folded(folded[number]) for number in wanted}
    risky = kinds.match_all([wholes[number] for number in wanted])
    kinds_of = {wanted[place]: sorted({hit.id.partition("#")[0] for hit in found}) for place, found in risky.items()}
    severity_of = dict(zip(wanted, severities([folded[number] for number in wanted]), strict=True))
    for number, sentiment in enumerate(judge_all(folded, repeat(source, len(folded)))):
        core = told.get(number)
        yield Reading(
            folded=folded[number],
            hits=tuple(hit for hit in hits[number] if not hit.id.startswith(LIST)),
            lists=tuple(int(hit.id.removeprefix(LIST)) for hit in hits[number] if hit.id.startswith(LIST)),
            negative=sentiment.negative,
            is_negative=sentiment.is_negative,
            reasons=tuple({"term": reason.term, "weight": reason.weight} for reason in sentiment.reasons),
            kinds=tuple(kinds_of.get(number, ())),
            prints=tuple(sorted(fingerprints_of_core(core))) if core is not None else (),
            seed_hash=hashlib.sha256(core.encode()).hexdigest() if core is not None else "",
            severity=severity_of.get(number, 1),
        )


def places_of(source: Source, days: Iterable[date | None]) -> list[Place]:
    """Where texts of a source stand, one for each day of publication; for rules with a scope."""
    above = source.unit.ancestor_ids
    units = tuple(Unit.objects.filter(pk__in=above).order_by("path").values_list("code", flat=True))
    return [Place(source.name, source.source_type, units, day) for day in days]


def sentiment_kind(source_type: str) -> SourceKind:
    kind: Any = SENTIMENT_OF.get(SourceType(source_type), "social")
    return kind  # type: ignore[no-any-return]  # the table's values are the three kinds


# ---- matchers, built once per version of what they are made of ---------------------------------


def watch_matcher() -> Matcher:
    """All active watches of the desk and its key lists; one small query asks whether any changed."""
    watches = Watch.objects.filter(is_active=True).values_list(Value(""), "pk", "version")
    lists = NamedList.objects.values_list(Value(LIST), "pk", "version")
    return _matcher_of(tuple(sorted(watches.order_by().union(lists.order_by(), all=True))))


@lru_cache(maxsize=4)
def _matcher_of(version: tuple[tuple[str, int, int], ...]) -> Matcher:
    rows = Watch.objects.filter(pk__in=[pk for kind, pk, _version in version if not kind]).values_list("pk", "rule")
    rules = {str(pk): rule for pk, data in rows if (rule := _readable(data)) is not None}
    keys = NamedList.objects.filter(kind__in=ListKind.KEY).values_list("pk", "name")
    rules |= {f"{LIST}{pk}": Rule(any_of=(ListRef((name,)),)) for pk, name in keys}
    return Matcher(rules, lists=desk_lists())


def desk_lists() -> Lists:
    """All lists of the desk by their keys; one that cannot be read any more is empty."""
    return {key: _entries(text) for key, text in NamedList.objects.values_list("key", "entries")}


def _entries(text: str) -> tuple[Entry, ...]:
    try:
        return read_entries(text)
    except RuleError:
        return ()


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

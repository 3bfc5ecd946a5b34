"""A dry run of a rule: what it would have found among the last mentions."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from language.matching import Matcher, Span, merged
from language.rules import Rule
from monitoring.models import Mention
from monitoring.queries import last_mentions

TRIED_ON = 1000
SHOWN = 20


@dataclass(frozen=True)
class Find:
    mention: Mention
    spans: Sequence[Span]
    is_suspected: bool


@dataclass(frozen=True)
class Tried:
    looked_at: int
    found: int
    finds: Sequence[Find]


def try_rule(rule: Rule, *, user: User) -> Tried:
    matcher = Matcher({"tried": rule})
    mentions = list(last_mentions(user, limit=TRIED_ON))
    finds = [
        Find(mention, merged(hit.spans), hit.suspected) for mention in mentions for hit in matcher.match(mention.whole)
    ]
    return Tried(looked_at=len(mentions), found=len(finds), finds=finds[:SHOWN])

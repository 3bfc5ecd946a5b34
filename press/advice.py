"""Advice shown beside an enquiry: how to receive this type of outlet, and whether this might be an undercover visit."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext as _

from notifications.messages import in_language


@dataclass(frozen=True)
class Advice:
    title: str
    after: str
    points: list[str]


@dataclass(frozen=True)
class Sign:
    code: str
    text: str
    weight: int
    is_ticked: bool


@dataclass(frozen=True)
class Undercover:
    """The checklist as ticked; the score is the sum of the weights, so everybody can check it by hand."""

    signs: list[Sign]
    conduct: list[str]
    most: int
    score: int
    verdict: str
    level: str


def advice_for(outlet_type: str) -> Advice:
    body = _body()["outlets"][outlet_type]
    return Advice(in_language(body["title"]), in_language(body["after"]), [in_language(p) for p in body["points"]])


def undercover(ticked: Collection[str] = ()) -> Undercover:
    body = _body()["undercover"]
    signs = [Sign(s["code"], in_language(s["text"]), s["weight"], s["code"] in ticked) for s in body["signs"]]
    score = sum(sign.weight for sign in signs if sign.is_ticked)
    level = "high" if score >= body["high"] else "some" if score >= body["some"] else "low"
    return Undercover(
        signs=signs,
        conduct=[in_language(line) for line in body["conduct"]],
        most=sum(sign.weight for sign in signs),
        score=score,
        verdict={
            "high": _("Very likely an undercover visit. Report it at once."),
            "some": _("Possible. Act as if a journalist were there, and tell PR."),
            "low": _("Few signs so far."),
        }[level],
        level=level,
    )


@lru_cache(maxsize=1)
def _body() -> dict[str, Any]:
    path = settings.BASE_DIR / "fixtures" / "press" / "advice.yaml"
    body: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return body

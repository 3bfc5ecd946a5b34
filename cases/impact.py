"""Impact and the grade it suggests: small enough to be explained in one line, and always overruled by a person."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases.enums import Channel, Concern, Flag, Grade, Severity, Urgency
from cases.models import Case

# Damage × resonance × eye-catching points, each 1 to 3: at least this score is the grade.
GRADE_BY_IMPACT = ((18, Grade.I), (8, Grade.II), (4, Grade.III))
GRAVE_CONCERNS = {Concern.PERSONAL_SAFETY, Concern.INFORMATION_SECURITY}
PUBLIC_CHANNELS = {
    Channel.MEDIA,
    Channel.WEIBO,
    Channel.DOUYIN,
    Channel.XIAOHONGSHU,
    Channel.DIANPING,
    Channel.REVIEW_SITE,
    Channel.CONSUMER_PLATFORM,
}
MEDIA_FLAGS = {Flag.MEDIA, Flag.UNDERCOVER}


@dataclass(frozen=True)
class GradeSuggestion:
    grade: int
    reasons: tuple[str, ...]

    @property
    def label(self) -> str:
        return str(Grade(self.grade).label)


def suggest_grade(case: Case) -> GradeSuggestion:
    """The worst grade that any signal asks for, with all signals that asked for one."""
    signals = [signal for signal in (*_of_impact(case), *_of_kind(case), *_of_reach(case)) if signal]
    grade = min((grade for grade, _reason in signals), default=Grade.IV)
    reasons = tuple(reason for _grade, reason in sorted(signals)) or (
        _("Nothing asks for more than an ordinary grade."),
    )
    return GradeSuggestion(int(grade), reasons)


Signals = list[tuple[int, str]]


def _of_impact(case: Case) -> Signals:
    score = case.impact
    if score is None:
        return []
    grade = next((grade for least, grade in GRADE_BY_IMPACT if score >= least), Grade.IV)
    parts = {"damage": case.damage, "resonance": case.resonance, "eye": case.eye_catching, "score": score}
    return [(grade, _("Impact %(score)s: damage %(damage)s × resonance %(resonance)s × eye-catching %(eye)s") % parts)]


def _of_kind(case: Case) -> Signals:
    signals: Signals = []
    if case.severity == Severity.GRAVE:
        signals.append((Grade.II, _("Grave severity")))
    if case.urgency == Urgency.AT_ONCE:
        signals.append((Grade.III, _("Cannot wait")))
    signals += [
        (Grade.III, _("Touches %(concern)s") % {"concern": Concern(concern).label})
        for concern in case.concerns
        if concern in GRAVE_CONCERNS
    ]
    return signals


def _of_reach(case: Case) -> Signals:
    signals: Signals = [(Grade.II, str(Flag(flag).label)) for flag in case.flags if flag in MEDIA_FLAGS]
    if case.channel in PUBLIC_CHANNELS:
        signals.append((Grade.III, _("Said in public: %(channel)s") % {"channel": Channel(case.channel).label}))
    signals += [
        (Grade.III, str(Flag(flag).label)) for flag in case.flags if flag in {Flag.WARNED_MEDIA, Flag.EXTORTION}
    ]
    return signals

from collections.abc import Collection
from datetime import datetime

from accounts.models import User
from cases.approval import approvers_of
from cases.models import Case, Plan
from notifications.services import tell
from timeline.refs import ref


def tell_person(case: Case, user: User | None, kind: str, *, actor: User | None, now: datetime) -> None:
    """Once per version of the case; nobody is told what they did themselves."""
    if user is not None and user.is_active and user != actor:
        _tell(case, [user.pk], kind, actor=actor, now=now, level="info")


def tell_approvers(case: Case, plan: Plan, *, actor: User | None, now: datetime, besides: Collection[int] = ()) -> None:
    people = [user for user in approvers_of(plan, case) if user not in besides]
    _tell(case, people, "case.plan_waiting", actor=actor, now=now, level="warning")


def _tell(case: Case, users: list[int], kind: str, *, actor: User | None, now: datetime, level: str) -> None:
    tell(
        users,
        key=f"{kind}:{ref(case)}:{case.version}",
        kind=kind,
        now=now,
        params={"number": case.number, "by": actor.name if actor else "…"},
        url=case.get_absolute_url(),
        thread=ref(case),
        level=level,
        stays_inside=case.is_drill,
    )

"""Who is on duty and who is away, for tests that are not about how they were entered."""

from datetime import UTC, datetime

from accounts.models import Unit, User
from escalation.models import Absence, Shift

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def put_on_duty(
    user: User,
    *,
    unit: Unit | None = None,
    starts_at: datetime = ALWAYS[0],
    ends_at: datetime = ALWAYS[1],
    is_backup: bool = False,
) -> Shift:
    """For their own department unless another is named."""
    place = unit or user.unit
    assert place is not None
    return Shift.objects.create(unit=place, user=user, starts_at=starts_at, ends_at=ends_at, is_backup=is_backup)


def send_away(
    user: User,
    *,
    deputy: User | None = None,
    starts_at: datetime = ALWAYS[0],
    ends_at: datetime = ALWAYS[1],
) -> Absence:
    return Absence.objects.create(user=user, deputy=deputy, starts_at=starts_at, ends_at=ends_at)

"""Watches that cannot do their work: a pattern too slow for what people write. Told once, until it is changed."""

from collections.abc import Iterable
from datetime import datetime

from monitoring.enums import WatchTrouble
from monitoring.models import Watch
from monitoring.queries import monitors_of
from notifications.services import tell
from timeline.refs import ref
from timeline.services import record


def note_slow(ids: Iterable[str], *, now: datetime) -> None:
    """These watches have a pattern that ran out of time; told once, until the watch is saved anew."""
    for watch in Watch.objects.filter(pk__in=[int(i) for i in ids if i.isdecimal()], trouble="").select_related("unit"):
        _note(watch, WatchTrouble.SLOW, now=now)


def _note(watch: Watch, trouble: WatchTrouble, *, now: datetime) -> None:
    Watch.objects.filter(pk=watch.pk).update(trouble=trouble, trouble_at=now)
    record(ref(watch), "watch.troubled", now=now, details={"trouble": trouble})
    tell(
        monitors_of(watch.unit),
        key=f"watch:{watch.pk}:{trouble}:{watch.version}:{now:%Y%m%d}",
        kind="watch.troubled",
        params={"name": watch.name, "trouble": trouble},
        url=watch.get_absolute_url(),
        thread=ref(watch),
        level="warning",
        now=now,
    )

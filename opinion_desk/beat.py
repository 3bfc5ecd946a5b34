"""Beat without a file: every entry is an interval, so there is nothing to remember between starts."""

from typing import Any

from celery.beat import Scheduler

from opinion_desk import alive


class MemoryScheduler(Scheduler):
    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        alive.note("beat")
        return float(super().tick(*args, **kwargs))

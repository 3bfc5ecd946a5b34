"""The whole desk as one process tree: engines, then web, worker and beat, each restarted when it dies."""

import contextlib
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

from opinion_desk.children import Child, Printer

GRACE = 10.0  # seconds a child has to finish what it is doing
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
SETTLED_AFTER = 30.0  # a child that lived this long starts again with the first pause


class PreparationError(Exception):
    """A step before the start failed; its output has been printed."""


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end the block once, through its own clean-up; repeats are ignored."""
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, _frame: FrameType | None) -> None:
        for one in watched:
            signal.signal(one, signal.SIG_IGN)
        raise SystemExit(128 + number)

    before = {one: signal.signal(one, stop) for one in watched}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@dataclass
class _Watched:
    """A child and how patient we are with it."""

    child: Child
    pause: float = FIRST_PAUSE
    start_at: float | None = None  # set while it waits to be started again

    def look(self, now: float, say: Callable[[str], None]) -> None:
        if self.start_at is not None:
            if now >= self.start_at:
                self.start_at = None
                self._start(now, say)
        elif (code := self.child.poll()) is not None:
            self._plan_restart(now, _ending(code), say)

    def _start(self, now: float, say: Callable[[str], None]) -> None:
        try:
            self.child.start()
        except Exception as error:  # noqa: BLE001 -- whatever it is, the others go on and it is tried again
            self._plan_restart(now, f"could not start: {error}", say)
        else:
            say(f"{self.child.name} started again.")

    def _plan_restart(self, now: float, why: str, say: Callable[[str], None]) -> None:
        if now - self.child.started_at > SETTLED_AFTER:
            self.pause = FIRST_PAUSE
        say(f"{self.child.name} {why}; starting it again in {self.pause:g} s.")
        self.start_at = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


class Supervisor:
    """Starts children, passes on what they say, keeps them running until told to stop."""

    def __init__(self, printer: Printer) -> None:
        self._print = printer
        self._watched: list[_Watched] = []

    def say(self, line: str) -> None:
        self._print("desk", line)

    def prepare(self, child: Child) -> None:
        """Run a step to its end before anything else starts."""
        child.say = self._print
        child.start()
        try:
            code = child.wait()
        finally:
            child.stop(within=GRACE)
        if code:
            raise PreparationError(f"{child.name} {_ending(code)}.")

    def adopt(self, child: Child) -> None:
        """Watch a child that runs already (an engine)."""
        child.say = self._print
        self._watched.append(_Watched(child))

    def start(self, child: Child) -> None:
        self.adopt(child)
        child.start()

    def watch(self) -> None:
        """Until a signal ends it."""
        while True:
            self.look()
            time.sleep(0.2)

    def look(self) -> None:
        for watched in self._watched:
            watched.look(time.monotonic(), self.say)

    def wait_until(self, url: str, *, within: float) -> bool:
        """Does the address answer 200 in time? Children that die meanwhile are restarted."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 -- our own
                return bool(answer.status == 200)
            self.look()
            time.sleep(0.1)
        return False

    def stop(self, children: list[Child]) -> None:
        """All are asked at once, then waited for in turn."""
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop(within=GRACE)

"""From an entry appearing in a feed to its alert in the list somebody has open: worker, beat and a feed of our own.

The list is asked for as often as the page asks by itself (`data-fresh` of monitoring/_alerts.html).
`ENTRIES=6`; at most two minutes.
"""

import os
import random
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Unit, User
from bench.hearing import SYLLABLES
from bench.report import Report
from bench.soak import WARM_UP, house, wait_until
from language.rules import Rule
from monitoring.mentions.store import add_months
from monitoring.models import Alert, Source, Watch
from timeline.now import now as current_time

INTERVAL = 5  # seconds between two readings of the source
ALLOWED = 5  # seconds on top of it
FRESH = 3  # seconds between two looks of the page
LONGEST = 110


class Feed(BaseHTTPRequestHandler):
    """Serves what `titles` holds at this moment."""

    titles: tuple[str, ...] = ()

    def do_GET(self) -> None:
        items = "".join(
            f"<item><title>{title}</title><guid>{number}</guid><link>http://127.0.0.1/{number}</link>"
            f"<description>{title}，云栖家居的热水器漏水，客服一直打不通，太气人了</description></item>"
            for number, title in enumerate(self.titles)
        )
        body = f'<rss version="2.0"><channel><title>bench</title><link>http://127.0.0.1/</link><description>b</description>{items}</channel></rss>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Says nothing."""


def run(report: Report) -> None:
    call_command("load_demo_people", verbosity=0)
    add_months(now=current_time())
    unit = Unit.objects.get(parent=None)
    Watch.objects.create(name="bench", unit=unit, rule=Rule.of("云栖家居").to_dict())
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(User.objects.get(username="commander"))
    with _feed() as address, house() as accidents:
        if not wait_until(accidents.all_alive, within=WARM_UP, supervisor=accidents.supervisor):
            raise RuntimeError("Worker, beat and timekeeper did not come to life.")
        Source.objects.create(
            name="bench",
            url=address,
            unit=unit,
            interval_seconds=INTERVAL,
            longest_seconds=INTERVAL,
            allow_private=True,
            next_poll_at=current_time(),
        )
        took = list(_seen(browser, count=int(os.environ.get("ENTRIES", "6"))))
    _report(report, took)


def _seen(browser: Client, *, count: int) -> Iterator[float]:
    """Seconds from each entry to its alert on the page; entries come at moments drawn by lot."""
    lot = random.Random(11)  # noqa: S311 -- synthetic
    until = time.monotonic() + LONGEST
    while count and time.monotonic() < until:
        time.sleep(lot.uniform(0, INTERVAL))
        title = "".join(lot.sample(SYLLABLES, 24))
        Feed.titles, appeared = (*Feed.titles, title), time.monotonic()
        time.sleep(lot.uniform(0, FRESH))
        while title not in browser.get(reverse("monitoring:alerts"), headers={"HX-Request": "true"}).content.decode():
            if time.monotonic() > until:
                return
            time.sleep(FRESH)
        count -= 1
        yield time.monotonic() - appeared


@contextmanager
def _feed() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed"
    finally:
        server.shutdown()
        server.server_close()


def _report(report: Report, took: list[float]) -> None:
    if not took:
        raise RuntimeError(f"No alert came within {LONGEST} s; {Alert.objects.count()} were raised.")
    how = f"{len(took)} entries, source read every {INTERVAL} s, page asks every {FRESH} s"
    report.add("latency.median_s", statistics.median(took), "s", how=how)
    worst = statistics.quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]
    report.add("latency.p95_s", worst, "s", how=f"{how}; at most {INTERVAL} + {ALLOWED} is wanted")
    report.add("latency.worst_s", max(took), "s", how=how)

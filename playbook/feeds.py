"""Serves the feeds of a scenario over real HTTP, so that a story comes in through the door all news comes in by."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.feedgenerator import Rss201rev2Feed
from django.views.decorators.http import require_safe

from playbook.models import ScenarioEntry

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

NEWEST = 50


@require_safe
def scenario_feed(request: HttpRequest, feed: str) -> HttpResponse:
    """The newest entries as RSS 2.0; 404 outside demo mode."""
    if not settings.DEMO:
        raise Http404
    channel = Rss201rev2Feed(title=feed, link=request.build_absolute_uri(), description=feed, language="zh-CN")
    for entry in ScenarioEntry.objects.filter(feed=feed)[:NEWEST]:
        channel.add_item(
            title=entry.title,
            link=entry.link,
            description=entry.text,
            author_name=entry.author,
            unique_id=entry.link,
            unique_id_is_permalink=True,
            pubdate=entry.published_at,
        )
    response = HttpResponse(content_type="application/rss+xml; charset=utf-8")
    channel.write(response, "utf-8")
    return response


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the parent's name
        """Say nothing: the replay tells its own story."""


def _feeds_only() -> "WSGIApplication":
    """The demo feeds and nothing else: whoever waits at this address for the desk is told that it is not there yet."""
    desk = WSGIHandler()

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/demo/feeds/"):
            return desk(environ, start_response)
        start_response("503 Service Unavailable", [("Retry-After", "5"), ("Content-Type", "text/plain")])
        return [b"The desk is being made ready."]

    return application


@contextmanager
def feeds_served() -> Iterator[str]:
    """The address the demo feeds are read at while the story plays.

    The running desk's own where it answers at `SITE_URL`'s port; otherwise that port is served for the moment,
    so that sources made now still work when the desk is up.
    """
    port = urlsplit(settings.SITE_URL).port or 8000
    try:
        server = make_server("127.0.0.1", port, _feeds_only(), server_class=_Server, handler_class=_QuietHandler)
    except OSError:  # the desk is running
        yield f"http://127.0.0.1:{port}"
        return
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Reading between the lines of an error page: is it the address, the feed maker behind it, or stale cookies?"""

import re
from dataclasses import replace

from monitoring.enums import IncidentKind
from monitoring.models import Source
from monitoring.sources.fetching import Failed
from monitoring.sources.routes import route_of

_HTML = re.compile(rb"<!doctype html|<html[\s>]", re.IGNORECASE)
_FEED_MAKER = re.compile(rb"RSSHub|FetchError|RequestInProgress|NewsNow", re.IGNORECASE)
_SIGN_IN = re.compile(
    "cookies?|passport|sign ?in|log ?in|登录|登陆|登錄|請登入|验证码|驗證碼|captcha|访问过于频繁|visitor system",
    re.IGNORECASE,
)
_MADE = {"http_status", "web_page", "not_a_feed", "broken_json", "not_a_json_feed", "not_a_hot_list"}


def said_by_upstream(source: Source, failed: Failed) -> Failed:
    """The same failure under its true name, where the answer gives it away."""
    if failed.code not in _MADE or failed.params.get("status") == 404:
        return failed
    page = failed.page.decode("utf-8", errors="replace")
    is_page = bool(_HTML.search(failed.page[:2048]))
    from_maker = bool(_FEED_MAKER.search(failed.page)) or bool(source.route)
    if needs_cookies(source) and _SIGN_IN.search(page):
        return replace(failed, code="stale_cookies", params={})
    if from_maker and (is_page or failed.code == "http_status"):
        return (
            failed
            if failed.params.get("status") in {401, 403, 429}
            else replace(failed, code="upstream_error", params={})
        )
    return failed


def needs_cookies(source: Source) -> bool:
    route = route_of(source.route)
    return bool(route and "cookies" in route.needs)


def incident_of(code: str) -> IncidentKind:
    return {"upstream_error": IncidentKind.UPSTREAM, "stale_cookies": IncidentKind.COOKIES}.get(
        code, IncidentKind.FAILING
    )

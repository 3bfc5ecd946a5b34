"""The desk's addresses and two that break."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from opinion_desk import urls


def boom(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret cause")


urlpatterns = [*urls.urlpatterns, path("boom/", boom), path("api/boom/", boom)]
handler500 = urls.handler500

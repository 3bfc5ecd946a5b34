"""Every address of the desk, one line a room."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from opinion_desk import api, health, home, operations, setup

api_patterns: list[URLPattern | URLResolver] = [
    path("", include("cases.api.urls")),
    path("", include("monitoring.api.urls")),
    path("", include("escalation.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", api.reference, name="reference"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("appearance/", home.appearance, name="appearance"),
    path("navigation/", home.navigation_counts, name="navigation_counts"),
    path("operations/", operations.operations, name="operations"),
    path("healthz", health.healthz, name="healthz"),
    path("livez", health.livez, name="livez"),
    path("setup/<str:token>/", setup.first_administrator, name="setup"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("accounts.door")),
    path("people/", include("accounts.urls")),
    path("inbox/", include("notifications.urls")),
    path("clocks/", include("escalation.urls")),
    path("cases/", include("cases.urls")),
    path("monitoring/", include("monitoring.urls")),
    path("press/", include("press.urls")),
    path("admin/", admin.site.urls),
    path("", include("playbook.urls")),
    path("api/v1/", include(api_patterns)),
]

handler400 = "opinion_desk.errors.unreadable"
handler403 = "opinion_desk.errors.not_allowed"
handler404 = "opinion_desk.errors.not_found"
handler500 = "opinion_desk.errors.fault"

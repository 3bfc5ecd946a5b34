"""Every address of the desk, one line a room."""

from django.urls import URLPattern, URLResolver, include, path

from opinion_desk import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("appearance/", home.appearance, name="appearance"),
    path("navigation/", home.navigation_counts, name="navigation_counts"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.urls")),
]

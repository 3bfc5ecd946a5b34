from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.me, name="me"),
    path("language/", views.language, name="language"),
    path("tokens/<int:pk>/revoke/", views.revoke, name="revoke"),
]

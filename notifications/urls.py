from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("read/", views.read_all, name="read_all"),
    path("<int:pk>/read/", views.read, name="read"),
    path("digests/<int:pk>/", views.digest, name="digest"),
    path("outgoing/", views.outbox, name="outbox"),
    path("outgoing/<int:pk>/again/", views.replay, name="replay"),
    path("suppressed/<int:pk>/lift/", views.lift, name="lift"),
    path("letters/", views.letters, name="letters"),
    path("letters/<str:name>", views.letter, name="letter"),
]

from django.urls import path

from notifications import channel_views, outbox_views, views, wish_views

app_name = "notifications"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("read/", views.read_all, name="read_all"),
    path("<int:pk>/read/", views.read, name="read"),
    path("wishes/", wish_views.wishes, name="wishes"),
    path("digests/<int:pk>/", views.digest, name="digest"),
    path("outgoing/", outbox_views.outbox, name="outbox"),
    path("outgoing/again/", outbox_views.replay_all, name="replay_all"),
    path("outgoing/<int:pk>/again/", outbox_views.replay, name="replay"),
    path("suppressed/<int:pk>/lift/", outbox_views.lift, name="lift"),
    path("letters/", views.letters, name="letters"),
    path("letters/<str:name>", views.letter, name="letter"),
    path("channels/", channel_views.channels, name="channels"),
    path("channels/new/<slug:kind>/", channel_views.new_channel, name="channel_new"),
    path("channels/mail/test/", channel_views.test_mail, name="mail_test"),
    path("channels/<int:pk>/", channel_views.channel, name="channel"),
    path("channels/<int:pk>/edit/", channel_views.edit_channel, name="channel_edit"),
    path("channels/<int:pk>/test/", channel_views.test_channel, name="channel_test"),
    path("channels/<int:pk>/secret/", channel_views.change_secret, name="channel_secret"),
    path("channels/<int:pk>/state/", channel_views.change_state, name="channel_state"),
    path("channels/<int:pk>/again/", channel_views.replay_failed, name="channel_replay"),
    path("channels/<int:pk>/again/<int:message>/", channel_views.replay_one, name="channel_replay_one"),
]

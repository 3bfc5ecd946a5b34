from django.urls import path

from monitoring.api import events, storms, views

app_name = "monitoring-api"

urlpatterns = [
    path("mentions/", views.Mentions.as_view(), name="mentions"),
    path("events/", events.EventList.as_view(), name="events"),
    path("events/<int:pk>/", events.EventDetail.as_view(), name="event"),
    path("alerts/", views.AlertList.as_view(), name="alerts"),
    path("alerts/<int:pk>/", views.AlertDetail.as_view(), name="alert"),
    path("alerts/<int:pk>/acknowledge/", views.Acknowledge.as_view(), name="alert_acknowledge"),
    path("alerts/<int:pk>/dismiss/", views.Dismiss.as_view(), name="alert_dismiss"),
    path("alerts/<int:pk>/open-case/", views.OpenCase.as_view(), name="alert_open_case"),
    path("alerts/<int:pk>/take-out/", storms.TakeOut.as_view(), name="alert_take_out"),
    path("storms/", storms.StormList.as_view(), name="storms"),
    path("storms/<int:pk>/", storms.StormDetail.as_view(), name="storm"),
    path("storms/<int:pk>/acknowledge/", storms.Acknowledge.as_view(), name="storm_acknowledge"),
    path("storms/<int:pk>/dismiss/", storms.Dismiss.as_view(), name="storm_dismiss"),
]

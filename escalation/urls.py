from django.urls import path, re_path

from escalation import link_views, views

app_name = "escalation"
urlpatterns = [
    path("", views.board, name="board"),
    path("<int:pk>/", views.clock, name="clock"),
    path("<int:pk>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("<int:pk>/pause/", views.pause, name="pause"),
    path("<int:pk>/resume/", views.resume, name="resume"),
    path("quick/<str:token>/", link_views.quick, name="quick"),
    path("runs/<int:pk>/", views.run, name="run"),
    re_path(
        r"^runs/(?P<pk>\d{1,18})/steps/(?P<step_pk>\d{1,18})/(?P<action>complete|waive|move|assign)/$",
        views.act,
        name="act",
    ),
]

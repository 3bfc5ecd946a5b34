from django.urls import include, path, re_path

from escalation import dry_run_views, link_views, runbook_views, views

app_name = "escalation"

_books = [
    path("", runbook_views.runbook_list, name="runbooks"),
    path("<slug:code>/", runbook_views.runbook, name="runbook"),
    path("<slug:code>/edit/", runbook_views.edit, name="runbook_edit"),
    path("<slug:code>/edit/try/", dry_run_views.of_draft, name="runbook_try"),
    path("<slug:code>/text/", runbook_views.import_text, name="runbook_import"),
    path("<slug:code>/copy/", runbook_views.copy, name="runbook_copy"),
    path("<slug:code>/history/", runbook_views.history, name="runbook_history"),
    path("<slug:code>/versions/<int:number>/", runbook_views.runbook, name="runbook_version"),
    path("<slug:code>/versions/<int:number>/dry-run/", dry_run_views.of_version, name="runbook_dry_run"),
    path("<slug:code>/versions/<int:number>/text/", runbook_views.runbook_text, name="runbook_text"),
    re_path(
        r"^(?P<code>[-\w]+)/(?P<what>retire|bring-back|reset|restore)/$", runbook_views.decide, name="runbook_decide"
    ),
]

urlpatterns = [
    path("", views.board, name="board"),
    path("<int:pk>/", views.clock, name="clock"),
    path("<int:pk>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("<int:pk>/pause/", views.pause, name="pause"),
    path("<int:pk>/resume/", views.resume, name="resume"),
    path("quick/<str:token>/", link_views.quick, name="quick"),
    path("runbooks/", include(_books)),
    path("runs/<int:pk>/", views.run, name="run"),
    re_path(
        r"^runs/(?P<pk>\d{1,18})/steps/(?P<step_pk>\d{1,18})/(?P<action>complete|waive|move|assign)/$",
        views.act,
        name="act",
    ),
]

from django.urls import include, path, re_path

from escalation import (
    breach_views,
    calendar_views,
    dry_run_views,
    handover_views,
    link_views,
    roster_views,
    runbook_views,
    views,
)

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
    path("<int:pk>/reason/", breach_views.explain, name="explain"),
    path("reasons/", breach_views.reasons, name="reasons"),
    path("roster/", roster_views.roster, name="roster"),
    path("roster/add/", roster_views.add, name="roster_add"),
    path("roster/copy/", roster_views.copy, name="roster_copy"),
    path("roster/import/", roster_views.load, name="roster_load"),
    path("roster/<int:pk>/", roster_views.change, name="shift"),
    path("absences/", roster_views.absences, name="absences"),
    path("absences/add/", roster_views.be_away, name="be_away"),
    path("absences/<int:pk>/end/", roster_views.be_back, name="be_back"),
    path("handovers/", handover_views.handovers, name="handovers"),
    path("handovers/new/", handover_views.new, name="handover_new"),
    path("handovers/<int:pk>/", handover_views.handover, name="handover"),
    path("handovers/<int:pk>/confirm/", handover_views.confirm, name="handover_confirm"),
    path("handovers/<int:pk>/refuse/", handover_views.refuse, name="handover_refuse"),
    path("calendar/", calendar_views.year, name="calendar"),
    path("calendar/<int:year>/", calendar_views.year, name="calendar_year"),
    path("calendar/<int:year>/calendar.csv", calendar_views.download, name="calendar_download"),
    path("calendar/day/<str:on>/", calendar_views.day, name="calendar_day"),
    path("calendar/hours/", calendar_views.hours, name="calendar_hours"),
    path("calendar/import/", calendar_views.upload, name="calendar_upload"),
    path("calendar/import/take/", calendar_views.take, name="calendar_take"),
    path("calendar/recount/", calendar_views.recount, name="calendar_recount"),
    path("quick/<str:token>/", link_views.quick, name="quick"),
    path("runbooks/", include(_books)),
    path("runs/<int:pk>/", views.run, name="run"),
    re_path(
        r"^runs/(?P<pk>\d{1,18})/steps/(?P<step_pk>\d{1,18})/(?P<action>complete|waive|move|assign)/$",
        views.act,
        name="act",
    ),
]

from django.urls import path

from cases.downloads import attachment
from cases.views import acting, approvals, intake, listing, page, personal, plans, tasks

app_name = "cases"

urlpatterns = [
    path("", listing.listing, name="list"),
    path("new/", intake.new, name="new"),
    path("new/hints/", intake.hints, name="new_hints"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/<slug:action>/", tasks.act, name="task_act"),
    path("<str:number>/", page.detail, name="detail"),
    path("<str:number>/timeline/", page.timeline, name="timeline"),
    path("<str:number>/compose/<slug:name>/", acting.compose, name="compose"),
    path("<str:number>/do/<slug:action>/", acting.act, name="act"),
    path("<str:number>/reveal/<str:field>/", personal.reveal, name="reveal"),
    path("<str:number>/files/<int:pk>/", attachment, name="file"),
    path("<str:number>/plan/", plans.plan, name="plan"),
    path("<str:number>/plan/<int:version>/changes/", plans.changed, name="plan_changes"),
    path("<str:number>/measures/<int:pk>/done/", plans.evidence, name="measure_done"),
    path("<str:number>/findings/<int:pk>/verify/", plans.verify, name="verify"),
]

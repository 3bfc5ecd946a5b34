from django.urls import include, path

from cases.api import file, tasks, views

app_name = "cases-api"
on_file = [
    path("findings/", file.Findings.as_view(), name="findings"),
    path("findings/<int:pk>/verify/", file.FindingVerify.as_view(), name="finding_verify"),
    path("plans/", file.Plans.as_view(), name="plans"),
    path("measures/<int:pk>/done/", file.MeasureDone.as_view(), name="measure_done"),
    path("contacts/", file.Contacts.as_view(), name="contacts"),
    path("callback/", file.CallBacks.as_view(), name="callbacks"),
    path("callback/schedule/", file.CallBackSchedule.as_view(), name="callback_schedule"),
    path("notes/", file.Notes.as_view(), name="notes"),
    path("assign/", file.Assign.as_view(), name="assign"),
    path("tasks/", tasks.CaseTasks.as_view(), name="case_tasks"),
    path("timeline/", file.Timeline.as_view(), name="timeline"),
]
urlpatterns = [
    path("cases/", views.CaseList.as_view(), name="cases"),
    path("cases/<slug:number>/", views.CaseDetail.as_view(), name="case"),
    path("cases/<slug:number>/transitions/", views.TransitionList.as_view(), name="transitions"),
    path("cases/<slug:number>/transitions/<slug:name>/", views.TransitionDetail.as_view(), name="transition"),
    path("cases/<slug:number>/attachments/", views.AttachmentList.as_view(), name="attachments"),
    path("cases/<slug:number>/attachments/<int:pk>/", views.AttachmentDetail.as_view(), name="attachment"),
    path("cases/<slug:number>/", include(on_file)),
    path("tasks/", tasks.Tasks.as_view(), name="tasks"),
    path("tasks/<int:pk>/", tasks.TaskDetail.as_view(), name="task"),
    path("tasks/<int:pk>/answer/", tasks.TaskAnswer.as_view(), name="task_answer"),
    path("tasks/<int:pk>/pass-on/", tasks.TaskPassOn.as_view(), name="task_pass_on"),
    path("tasks/<int:pk>/assign/", tasks.TaskAssign.as_view(), name="task_assign"),
    path("tasks/<int:pk>/withdraw/", tasks.TaskWithdraw.as_view(), name="task_withdraw"),
]

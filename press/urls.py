from django.urls import path

from press import views

app_name = "press"
urlpatterns = [
    path("", views.enquiries, name="enquiries"),
    path("new/", views.enquiry_new, name="enquiry_new"),
    path("cases/", views.case_options, name="case_options"),
    path("wording/", views.check, name="check_wording"),
    path("<int:pk>/", views.enquiry, name="enquiry"),
    path("<int:pk>/steps/<slug:code>/", views.deliverable, name="deliverable"),
    path("<int:pk>/steps/<slug:code>/assign/", views.assign, name="assign"),
    path("<int:pk>/steps/<slug:code>/waive/", views.waive, name="waive"),
    path("<int:pk>/deadline/", views.deadline, name="deadline"),
    path("<int:pk>/stage/", views.stage, name="stage"),
    path("<int:pk>/close/", views.close, name="close"),
    path("<int:pk>/journalist/", views.reveal, name="reveal"),
    path("<int:pk>/undercover/", views.undercover_score, name="undercover"),
    path("<int:pk>/replies/", views.reply_new, name="reply_new"),
    path("replies/<int:pk>/", views.reply_save, name="reply_save"),
    path("replies/<int:pk>/verdict/", views.reply_verdict, name="reply_verdict"),
    path("replies/<int:pk>/sent/", views.reply_sent, name="reply_sent"),
]

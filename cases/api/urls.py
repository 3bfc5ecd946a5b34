from django.urls import path

from cases.api import views

app_name = "cases-api"
urlpatterns = [
    path("cases/", views.CaseList.as_view(), name="cases"),
    path("cases/<slug:number>/", views.CaseDetail.as_view(), name="case"),
    path("cases/<slug:number>/transitions/", views.TransitionList.as_view(), name="transitions"),
    path("cases/<slug:number>/transitions/<slug:name>/", views.TransitionDetail.as_view(), name="transition"),
    path("cases/<slug:number>/attachments/", views.AttachmentList.as_view(), name="attachments"),
    path("cases/<slug:number>/attachments/<int:pk>/", views.AttachmentDetail.as_view(), name="attachment"),
]

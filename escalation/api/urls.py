from django.urls import path

from escalation.api import calendar, rosters

app_name = "escalation-api"
urlpatterns = [
    path("shifts/", rosters.Shifts.as_view(), name="shifts"),
    path("shifts/<int:pk>/", rosters.ShiftDetail.as_view(), name="shift"),
    path("absences/", rosters.Absences.as_view(), name="absences"),
    path("absences/<int:pk>/", rosters.AbsenceDetail.as_view(), name="absence"),
    path("absences/<int:pk>/end/", rosters.AbsenceEnd.as_view(), name="absence_end"),
    path("calendar/days/", calendar.Days.as_view(), name="calendar_days"),
    path("calendar/days/<str:on>/", calendar.DayDetail.as_view(), name="calendar_day"),
    path("calendar/hours/", calendar.Hours.as_view(), name="calendar_hours"),
]

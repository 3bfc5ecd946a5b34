from django.urls import path

from playbook import feeds

app_name = "playbook"
urlpatterns = [path("demo/feeds/<slug:feed>.xml", feeds.scenario_feed, name="feed")]

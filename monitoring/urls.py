from django.urls import path

from monitoring.views import alerts, events, hooks, imports, mentions, sources, subscribing, watches

app_name = "monitoring"

urlpatterns = [
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<int:pk>/", alerts.alert, name="alert"),
    path("alerts/<int:pk>/acknowledge/", alerts.acknowledge, name="alert_acknowledge"),
    path("alerts/<int:pk>/dismiss/", alerts.dismiss, name="alert_dismiss"),
    path("alerts/<int:pk>/open-case/", alerts.open_case, name="alert_open_case"),
    path("events/", events.events, name="events"),
    path("events/<int:pk>/", events.event, name="event"),
    path("mentions/", mentions.mentions, name="mentions"),
    path("mentions/<int:pk>/", mentions.mention, name="mention"),
    path("mentions/export/<slug:kind>/", mentions.export, name="mentions_export"),
    path("sources/", sources.sources, name="sources"),
    path("sources/add/", subscribing.add, name="source_add"),
    path("sources/add/route/<slug:code>/", subscribing.add_route, name="source_route"),
    path("sources/add/hot-list/", subscribing.add_hot_list, name="source_hotlist"),
    path("sources/add/mailbox/", subscribing.edit_mailbox, name="source_mailbox_new"),
    path("sources/<int:pk>/mailbox/", subscribing.edit_mailbox, name="source_mailbox"),
    path("sources/<int:pk>/endpoint/", subscribing.open_endpoint, name="source_endpoint"),
    path("sources/<int:pk>/endpoint/close/", subscribing.close_old_secret, name="source_endpoint_close"),
    path("sources/try/", subscribing.try_source, name="source_try"),
    path("sources/settings/", subscribing.settings, name="source_settings"),
    path("imports/new/", imports.new_import, name="import_new"),
    path("imports/<int:pk>/", imports.table, name="import"),
    path("imports/<int:pk>/again/", imports.again, name="import_again"),
    path("mentions/new/", imports.enter, name="mention_enter"),
    path("sources/new/", sources.edit_source, name="source_new"),
    path("sources/<int:pk>/", sources.source, name="source"),
    path("sources/<int:pk>/edit/", sources.edit_source, name="source_edit"),
    path("sources/<int:pk>/check/", sources.check_source, name="source_check"),
    path("sources/unreadable/<int:pk>/retry/", sources.retry_raw, name="source_retry"),
    path("hooks/<str:name>/", hooks.mentions, name="hook"),
    path("watches/", watches.watches, name="watches"),
    path("watches/new/", watches.edit_watch, name="watch_new"),
    path("watches/try/", watches.try_watch, name="watch_try"),
    path("watches/<int:pk>/", watches.edit_watch, name="watch"),
]

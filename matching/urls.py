"""Addresses of the matching app's pages."""

from django.urls import path

from matching import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("capabilities/preview/", views.capability_preview, name="capability-preview"),
    path("demands/", views.demands, name="demands"),
    path("demands/<uuid:public_id>/", views.demand, name="demand"),
    path("demands/<uuid:public_id>/lines/<uuid:line_id>/compare/", views.compare, name="compare"),
    path("demands/<uuid:public_id>/rematch/", views.rematch_demand, name="rematch-demand"),
    path("gaps/", views.gap_report, name="gaps"),
    path("introductions/", views.introductions, name="introductions"),
    path("introductions/new/", views.propose, name="introduce"),
    path("introductions/<uuid:public_id>/", views.introduction, name="introduction"),
    path("introductions/<uuid:public_id>/<slug:name>/", views.step, name="introduction-step"),
    path("projects/<uuid:public_id>/", views.project, name="project"),
    path("matches/", views.matches, name="matches"),
    path("matches/of/<uuid:public_id>/", views.capability_matches, name="capability-matches"),
    path("matches/<uuid:line_id>/<uuid:capability_id>/", views.match, name="match"),
    path("meetings/", views.meetings, name="meetings"),
    path("meetings/new/", views.meeting_new, name="meeting-new"),
    path("meetings/<uuid:public_id>/", views.meeting, name="meeting"),
    path("meetings/<uuid:public_id>/edit/", views.meeting_edit, name="meeting-edit"),
    path("meetings/<uuid:public_id>/close/", views.meeting_close, name="meeting-close"),
    path("meetings/<uuid:public_id>/minutes/", views.meeting_minutes, name="meeting-minutes"),
    path("meetings/<uuid:public_id>/calendar.ics", views.meeting_calendar, name="meeting-calendar"),
    path("meetings/<uuid:public_id>/agenda/", views.agenda_add, name="agenda-add"),
    path("meetings/<uuid:public_id>/agenda/renew/", views.agenda_renew, name="agenda-renew"),
    path("agenda/<uuid:public_id>/", views.agenda_point, name="agenda-point"),
    path("meetings/<uuid:public_id>/actions/", views.action_add, name="action-add"),
    path("actions/<uuid:public_id>/done/", views.action_done, name="action-done"),
    path("my-dates.ics", views.my_calendar, name="my-calendar"),
    path("pipelines/", views.pipelines, name="pipelines"),
    path("pipelines/<uuid:demand_id>/", views.pipeline, name="pipeline-no-site"),
    path("pipelines/<uuid:demand_id>/<uuid:site_id>/", views.pipeline, name="pipeline"),
    path("runs/", views.runs, name="runs"),
    path("runs/start/", views.rematch_alliance, name="rematch-alliance"),
    path("runs/<uuid:public_id>/", views.run, name="run"),
    path("runs/<uuid:public_id>/cancel/", views.cancel, name="run-cancel"),
    path("runs/<uuid:public_id>/retry/", views.retry, name="run-retry"),
]

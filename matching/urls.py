"""Addresses of the matching app's pages."""

from django.urls import path

from matching import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("demands/", views.demands, name="demands"),
    path("demands/<uuid:public_id>/", views.demand, name="demand"),
    path("demands/<uuid:public_id>/rematch/", views.rematch_demand, name="rematch-demand"),
    path("matches/", views.matches, name="matches"),
    path("matches/<uuid:line_id>/<uuid:capability_id>/", views.match, name="match"),
    path("pipelines/", views.pipelines, name="pipelines"),
    path("pipelines/<uuid:demand_id>/", views.pipeline, name="pipeline-no-site"),
    path("pipelines/<uuid:demand_id>/<uuid:site_id>/", views.pipeline, name="pipeline"),
    path("runs/", views.runs, name="runs"),
    path("runs/start/", views.rematch_alliance, name="rematch-alliance"),
    path("runs/<uuid:public_id>/", views.run, name="run"),
    path("runs/<uuid:public_id>/cancel/", views.cancel, name="run-cancel"),
    path("runs/<uuid:public_id>/retry/", views.retry, name="run-retry"),
]

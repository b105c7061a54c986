"""Addresses of the scenarios app's pages."""

from django.urls import path

from scenarios import views

urlpatterns = [
    path("sites/", views.sites, name="sites"),
    path("sites/new/", views.site_new, name="site-new"),
    path("sites/<uuid:public_id>/", views.site, name="site"),
    path("sites/<uuid:public_id>/edit/", views.site_edit, name="site-edit"),
    path("sites/<uuid:public_id>/windows/", views.window_add, name="window-add"),
    path("sites/<uuid:public_id>/windows/remove/", views.window_remove, name="window-remove"),
    path("sites/<uuid:public_id>/step/<slug:step>/", views.site_step, name="site-step"),
]

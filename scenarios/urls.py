"""Addresses of the scenarios app's pages."""

from django.urls import path

from scenarios import views

urlpatterns = [
    path("sites/", views.sites, name="sites"),
    path("sites/<uuid:public_id>/", views.site, name="site"),
]

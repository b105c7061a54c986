"""Addresses of the companies app's pages."""

from django.urls import path

from companies import views

urlpatterns = [
    path("capabilities/", views.capabilities, name="capabilities"),
    path("capabilities/<uuid:public_id>/", views.capability, name="capability"),
    path("firms/", views.firms, name="firms"),
    path("firms/<uuid:public_id>/", views.firm, name="firm"),
]

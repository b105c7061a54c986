"""Addresses of the companies app's pages."""

from django.urls import path

from companies import views

urlpatterns = [
    path("capabilities/", views.capabilities, name="capabilities"),
    path("capabilities/new/", views.capability_new, name="capability-new"),
    path("capabilities/<uuid:public_id>/", views.capability, name="capability"),
    path("capabilities/<uuid:public_id>/edit/", views.capability_edit, name="capability-edit"),
    path("capabilities/<uuid:public_id>/verify/", views.capability_verify, name="capability-verify"),
    path("capabilities/<uuid:public_id>/<slug:step>/", views.capability_step, name="capability-step"),
    path("facilities/new/", views.facility_new, name="facility-new"),
    path("facilities/<uuid:public_id>/", views.facility, name="facility"),
    path("facilities/<uuid:public_id>/edit/", views.facility_edit, name="facility-edit"),
    path("facilities/<uuid:public_id>/<slug:step>/", views.facility_step, name="facility-step"),
    path("import/", views.imports, name="imports"),
    path("import/template/", views.import_template, name="import-template"),
    path("import/export/", views.import_export, name="import-export"),
    path("import/<uuid:public_id>/", views.import_detail, name="import"),
    path("import/<uuid:public_id>/map/", views.import_map, name="import-map"),
    path("import/<uuid:public_id>/mend/", views.import_mend, name="import-mend"),
    path("import/<uuid:public_id>/confirm/", views.import_confirm, name="import-confirm"),
    path("import/<uuid:public_id>/undo/", views.import_undo, name="import-undo"),
    path("import/<uuid:public_id>/comments.xlsx", views.import_comments, name="import-comments"),
    path("firms/", views.firms, name="firms"),
    path("firms/<uuid:public_id>/", views.firm, name="firm"),
]

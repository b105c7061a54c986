"""The address map of the whole site."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from alliance import api as alliance_api
from alliance import views
from alliance.api.webhooks import WebhookMessageViewSet, WebhookViewSet
from alliance.rest import addresses, outside, pages
from alliance.views import files, history, threads
from companies import api as companies_api
from matching import api as matching_api
from scenarios import api as scenarios_api

addresses.register()
api = SimpleRouter(use_regex_path=False)
api.register("cities", alliance_api.CityViewSet, "city")
api.register("alliances", alliance_api.AllianceViewSet, "alliance")
api.register("organisations", alliance_api.OrganisationViewSet, "organisation")
api.register("tokens", alliance_api.TokenViewSet, "token")
api.register("webhooks", WebhookViewSet, "webhook")
api.register("webhook-messages", WebhookMessageViewSet, "webhook-message")
api.register("component-types", companies_api.ComponentTypeViewSet, "component-type")
api.register("facilities", companies_api.FacilityViewSet, "facility")
api.register("imports", companies_api.ImportViewSet, "import")
api.register("capabilities", companies_api.CapabilityViewSet, "capability")
api.register("scenario-types", scenarios_api.ScenarioTypeViewSet, "scenario-type")
api.register("sites", scenarios_api.SiteViewSet, "site")
api.register("demands", matching_api.DemandViewSet, "demand")
api.register("matches", matching_api.MatchViewSet, "match")
api.register("near-misses", matching_api.NearMissViewSet, "near-miss")
api.register("pipelines", matching_api.PipelineViewSet, "pipeline")
api.register("verdicts", matching_api.VerdictViewSet, "verdict")
api.register("match-runs", matching_api.MatchRunViewSet, "match-run")

api.register("introductions", matching_api.IntroductionViewSet, "introduction")
api.register("exports", matching_api.ExportViewSet, "export")
api.register("projects", matching_api.ProjectViewSet, "project")

api_v1 = [
    path("schema/", pages.SchemaView.as_view(), name="schema"),
    path("changes/", alliance_api.FeedViewSet.as_view({"get": "feed"}), name="changes"),
    path("match-preview/", matching_api.PreviewViewSet.as_view({"post": "preview"}), name="match-preview"),
    path("docs/", pages.DocsView.as_view(), name="docs"),
    *api.urls,
]

urlpatterns = [
    path("healthz", outside.healthz, name="healthz"),
    path("readyz", outside.readyz, name="readyz"),
    path("api/v1/", include((api_v1, "api"))),
    re_path(r"^api/", outside.unknown_endpoint),
    path("admin/login/", views.admin_door, name="admin-door"),
    path("admin/", admin.site.urls),
    path("accounts/login/", views.SignIn.as_view(), name="login"),
    path("accounts/login/code/", views.sign_in_code, name="sign-in-code"),
    path("i18n/language/", views.choose_language, name="set_language"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/password/", views.ChangePassword.as_view(), name="password_change"),
    path("accounts/password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("accounts/reset/", views.AskForReset.as_view(), name="password_reset"),
    path("accounts/reset/sent/", auth.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path(
        "accounts/reset/<uidb64>/<token>/",
        auth.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path("accounts/reset/done/", auth.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("register/", views.register, name="register"),
    path("register/details/", views.register_details, name="register-details"),
    path("register/join/", views.join, name="register-join"),
    path("notifications/", views.notices, name="notices"),
    path("notifications/bell/", views.bell, name="notices-bell"),
    path("notifications/read/", views.notices_read, name="notices-read"),
    path("notifications/settings/", views.notice_settings, name="notice-settings"),
    path("notifications/<uuid:public_id>/", views.notice, name="notice"),
    path("unsubscribe/<str:token>/", views.stop_mail, name="unsubscribe"),
    path("waiting/", views.waiting, name="waiting"),
    path("confirm/<str:token>/", views.confirm_email, name="confirm-email"),
    path("invitations/<str:secret>/", views.invitation, name="invitation"),
    path("verifications/", views.verifications, name="verifications"),
    path("verifications/<uuid:public_id>/", views.verification, name="verification"),
    path("join-requests/<uuid:public_id>/", views.join_decision, name="join-decision"),
    path("organisations/new/", views.entry_new, name="entry-new"),
    path("organisations/<uuid:public_id>/edit/", views.organisation_edit, name="organisation-edit"),
    path("organisations/<uuid:public_id>/verify-again/", views.verify_again, name="verify-again"),
    path("organisations/<uuid:public_id>/people/", views.people, name="people"),
    path("organisations/<uuid:public_id>/people/invite/", views.invite_person, name="invite"),
    path("organisations/<uuid:public_id>/people/<str:username>/", views.member_edit, name="member-edit"),
    path(
        "organisations/<uuid:public_id>/people/<str:username>/password/",
        views.link_password,
        name="member-password",
    ),
    path("organisations/<uuid:public_id>/leave/", views.leave, name="leave"),
    path("account/", views.account, name="account"),
    path("account/two-steps/", views.two_steps, name="two-steps"),
    path("account/erase/", views.erase, name="erase"),
    path("account/invitations/<uuid:public_id>/revoke/", views.revoke_invite, name="invitation-revoke"),
    path("outbox/", views.outbox, name="outbox"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<uuid:public_id>/revoke/", views.revoke, name="token-revoke"),
    path("account/tokens/<uuid:public_id>/rotate/", views.rotate, name="token-rotate"),
    path(
        "organisations/<uuid:public_id>/webhooks/", views.organisation_webhooks, name="organisation-webhooks"
    ),
    path("webhooks/<uuid:public_id>/", views.webhook, name="webhook"),
    path("organisations/<uuid:public_id>/tokens/", views.organisation_tokens, name="organisation-tokens"),
    path("alliance/", views.switch_alliance, name="switch-alliance"),
    path("history/<slug:kind>/<uuid:public_id>/", history.history, name="history"),
    path("lists/<slug:name>/several/", views.several, name="several"),
    path("lists/<slug:name>/columns/", views.list_columns, name="list-columns"),
    path("lists/<slug:name>/filters/", views.filter_save, name="filter-save"),
    path("filters/<uuid:public_id>/<slug:step>/", views.filter_step, name="filter-step"),
    path("files/<uuid:public_id>/", files.download, name="file"),
    path("files/<uuid:public_id>/<slug:step>/", files.switch, name="file-step"),
    path("files/<slug:kind>/<uuid:public_id>/", files.files, name="files"),
    path("threads/<slug:kind>/<uuid:public_id>/", threads.thread, name="thread"),
    path("messages/<uuid:public_id>/", threads.message, name="message"),
    path("cities/", views.cities, name="cities"),
    path("cities/<str:code>/", views.city, name="city"),
    path("", include("companies.urls")),
    path("", include("scenarios.urls")),
    path("", include("matching.urls")),
]

handler400 = "alliance.rest.outside.bad_request"
handler403 = "alliance.rest.outside.forbidden"
handler404 = "alliance.rest.outside.not_found"
handler500 = "alliance.rest.outside.server_error"

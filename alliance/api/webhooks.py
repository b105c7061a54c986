"""Endpoints of webhooks and of the log of their messages; a token needs the scope `webhooks`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alliance.errors import DomainError, ForbiddenError
from alliance.filters import WebhookFilter, WebhookMessageFilter
from alliance.models import Organisation, Webhook, WebhookMessage
from alliance.rest.conditions import etag, wanted_version
from alliance.rest.retrying import once
from alliance.rest.views import ReadViewSet
from alliance.rest.writing import ChangeViewSet
from alliance.selectors import organisation_list, viewer_of
from alliance.selectors.webhooks import message_list, webhook_body, webhook_list
from alliance.serializers import (
    WebhookAsked,
    WebhookMadeShown,
    WebhookMessageDetailShown,
    WebhookMessageShown,
    WebhookSecretShown,
    WebhookShown,
)
from alliance.services.webhooks import (
    change_webhook,
    create_webhook,
    delete_webhook,
    rotate_secret,
    send_again,
    send_test,
)


@extend_schema(tags=["webhooks"])
class WebhookViewSet(ChangeViewSet):
    """Where your own system is told what happens (Standard Webhooks); kept by editors and officials."""

    kind = "webhook"
    scope = "webhooks"
    asked = WebhookAsked
    stored = webhook_body
    selector = webhook_list
    filters = WebhookFilter
    serializer_class = WebhookShown

    def change(self, row: Webhook, told: dict[str, Any], version: int) -> object:
        told.pop("organisation", None)
        return change_webhook(row, user=self.request.user, version=version, **told)

    @extend_schema(responses={201: WebhookMadeShown})
    @once
    def create(self, request: Request) -> Response:
        """A new webhook; the secret that signs its messages is in this answer and in no other."""
        self.refuse_unknown(request, ())
        told = self.told(request.data)
        owner = self._owner(told.pop("organisation", None))
        row, secret = create_webhook(owner, user=request.user, **told)
        found = self.get_queryset().get(pk=row.pk)
        body = {**WebhookShown(found).data, "secret": secret}
        return Response(body, status=201, headers={"ETag": etag(found), "Cache-Control": "no-store"})

    def _owner(self, named: Any) -> Organisation:
        """The organisation named, or the only one that the caller keeps webhooks of."""
        viewer = viewer_of(self.request.user)
        mine = organisation_list(self.request.user).filter(pk__in=viewer.editing | viewer.bureaus)
        if named is not None:
            mine = mine.filter(public_id=named)
        found = list(mine[:2])
        if not found and named is None:
            raise ForbiddenError(_("Editors of a firm and officials of a bureau keep its webhooks."))
        if len(found) != 1:
            raise DomainError(_("There is no such organisation among yours."), field="organisation")
        return found[0]

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Delete it with its log."""
        self.refuse_unknown(request, ())
        row = self.one()
        version = wanted_version(request, row, required=True)
        with self.fresh_or_stale(row, version):
            delete_webhook(row, user=request.user, version=version)
        return Response(status=204)

    @extend_schema(request=None, responses={201: WebhookSecretShown})
    @action(detail=True, methods=["post"])
    @once
    def rotate(self, request: Request, **kwargs: Any) -> Response:
        """A new secret; for a day requests carry the signatures of the old and the new one."""
        self.refuse_unknown(request, ())
        secret = rotate_secret(self.one(), user=request.user)
        return Response({"secret": secret}, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(request=None, responses={202: WebhookMessageShown})
    @action(detail=True, methods=["post"])
    @once
    def test(self, request: Request, **kwargs: Any) -> Response:
        """Send `webhook.test`; what became of it is in the log."""
        self.refuse_unknown(request, ())
        message = send_test(self.one(), user=request.user)
        return Response(WebhookMessageShown(message).data, status=202)


@extend_schema(tags=["webhooks"])
class WebhookMessageViewSet(ReadViewSet):
    """The log: every message of the last month, with what was sent and what came back."""

    scope = "webhooks"
    selector = message_list
    filters = WebhookMessageFilter
    serializer_class = WebhookMessageShown
    detail_serializer_class = WebhookMessageDetailShown

    @extend_schema(request=None, responses={202: WebhookMessageShown})
    @action(detail=True, methods=["post"])
    @once
    def again(self, request: Request, **kwargs: Any) -> Response:
        """Send it once more, with the same id, whatever became of it."""
        self.refuse_unknown(request, ())
        row: WebhookMessage = self.one()
        return Response(WebhookMessageShown(send_again(row, user=request.user)).data, status=202)

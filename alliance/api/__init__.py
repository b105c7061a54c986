"""Endpoints of places, alliances, organisations and tokens."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from alliance.errors import DomainError
from alliance.filters import AllianceFilter, OrganisationFilter, PlaceFilter, TokenFilter
from alliance.models import City, Organisation, User
from alliance.rest.schema import LIMIT
from alliance.rest.throttling import Counted
from alliance.rest.views import ReadViewSet, asked_limit, refuse_empty, refuse_unknown, with_since
from alliance.rest.writing import ChangeViewSet, row_named
from alliance.selectors import (
    alliance_cities,
    alliance_list,
    city_list,
    organisation_detail,
    organisation_list,
    organisation_rows,
    token_list,
)
from alliance.selectors.feed import newest, read_feed
from alliance.selectors.organisations import CONTACT, organisation_body
from alliance.serializers import (
    AllianceDetailShown,
    AllianceShown,
    CityShown,
    FeedShown,
    OrganisationAsked,
    OrganisationDetailShown,
    OrganisationShown,
    TokenAsked,
    TokenIssuedShown,
    TokenRotated,
    TokenShown,
)
from alliance.services.profile import update_organisation
from alliance.services.tokens import issue_token, revoke_token, rotate_token


@extend_schema(tags=["reference"])
class CityViewSet(ReadViewSet):
    """Cities, districts and development areas."""

    selector = city_list
    filters = PlaceFilter
    serializer_class = CityShown
    lookup_field = lookup_url_kwarg = "code"
    lookup_value_converter = "str"


@extend_schema(tags=["reference"])
class AllianceViewSet(ReadViewSet):
    """Alliances; the detail has their cities and what each does."""

    selector = alliance_list
    filters = AllianceFilter
    serializer_class = AllianceShown
    detail_serializer_class = AllianceDetailShown

    def prepare(self, rows: list[Any]) -> None:
        if self.detail:
            rows[0].member_cities = alliance_cities(self.request.user, rows[0])


@extend_schema(tags=["companies"])
class OrganisationViewSet(ChangeViewSet):
    """Firms and bureaus. A firm that changes its name or city is verified again; new ones come by registration."""

    kind = "organisation"
    asked = OrganisationAsked
    stored = organisation_body
    selector = organisation_list
    long_selector = organisation_rows
    detail_selector = organisation_detail
    filters = with_since(OrganisationFilter, names=True)
    serializer_class = OrganisationShown
    detail_serializer_class = OrganisationDetailShown

    def change(self, row: Organisation, told: dict[str, Any], version: int) -> None:
        city = row_named(City, told["city"], "city")
        plain = {name: told[name] for name in ("name_zh", "name_en", "roles")}
        contact = {name: (told["contact"] or {}).get(name, "") for name in CONTACT}
        update_organisation(row, user=self.request.user, version=version, city=city, contact=contact, **plain)


@extend_schema(tags=["tokens"])
class TokenViewSet(ReadViewSet):
    """One's own API tokens, and those of organisations whose owner or official one is.

    Making, rotating and revoking them needs a session: a token cannot prolong itself.
    """

    selector = token_list
    filters = TokenFilter
    serializer_class = TokenShown

    def _session_only(self, request: Request) -> None:
        if not isinstance(request.successful_authenticator, SessionAuthentication):
            raise PermissionDenied(_("Sign in to do this: a token cannot."), code="session_only")

    @extend_schema(request=TokenAsked, responses={201: TokenIssuedShown})
    def create(self, request: Request) -> Response:
        """A new token: its text is in this answer and in no other. Needs a session."""
        self._session_only(request)
        self.refuse_unknown(request, ())
        asked = TokenAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        if (named := told.pop("organisation", None)) is not None:
            told["organisation"] = organisation_list(request.user).filter(public_id=named).first()
            if told["organisation"] is None:
                raise DomainError(_("There is no such organisation among yours."), field="organisation")
        return self._issued(*issue_token(cast(User, request.user), **told))

    def _issued(self, token: Any, text: str) -> Response:
        body = {**TokenShown(token).data, "token": text}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(request=TokenRotated, responses={201: TokenIssuedShown})
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, **kwargs: Any) -> Response:
        """A new secret with the same rights; the old one ends now or after `keep_hours`."""
        self._session_only(request)
        self.refuse_unknown(request, ())
        asked = TokenRotated(data=request.data)
        asked.is_valid(raise_exception=True)
        user = cast(User, request.user)
        return self._issued(*rotate_token(user, kwargs[self.lookup_url_kwarg], **asked.validated_data))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """End it: refused from the next request on. Needs a session."""
        self._session_only(request)
        self.refuse_unknown(request, ())
        revoke_token(cast(User, request.user), kwargs[self.lookup_url_kwarg])
        return Response(status=204)


@extend_schema(tags=["changes"])
class FeedViewSet(Counted, viewsets.GenericViewSet[Any]):
    """What has changed since a place in the feed, for who keeps a copy."""

    serializer_class = FeedShown

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "cursor", OpenApiTypes.STR, description="from the answer before; else from the beginning"
            ),
            OpenApiParameter(
                "start", OpenApiTypes.STR, enum=["now"], description="only the place, nothing before it"
            ),
            LIMIT,
        ]
    )
    def feed(self, request: Request) -> Response:
        """Rows that changed or went, oldest first, each once; what the asker does not see does not appear."""
        refuse_unknown(request, ("cursor", "start", "limit"))
        refuse_empty(request)
        limit = asked_limit(request)
        cursor, start = (request.query_params.get(name, "") for name in ("cursor", "start"))
        if start not in ("", "now") or (start and cursor):
            raise DomainError(_("Either a cursor, or start=now."), field="start")
        found = newest() if start else read_feed(request.user, cursor, limit)
        return Response(self.get_serializer(found).data, headers={"Cache-Control": "no-store"})

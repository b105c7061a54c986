"""Meetings and due dates as calendar files (iCalendar)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from alliance.choices import MeetingState
from matching.models import ActionItem, Meeting
from matching.selectors import agenda, dates_of, meeting_list


@require_safe
def meeting_calendar(request: HttpRequest, public_id: UUID) -> HttpResponse:
    meeting = get_object_or_404(meeting_list(request.user), public_id=public_id)
    points = [f"{number}. {point.title}" for number, point in enumerate(agenda(request.user, meeting), 1)]
    calendar = _calendar()
    calendar.add_component(_meeting_event(request, meeting, "\n".join(points)))
    return _file(calendar, f"meeting-{meeting.held_on.isoformat()}")


@require_safe
def my_calendar(request: HttpRequest) -> HttpResponse:
    """All meetings of one's bureau and the days by which something is due."""
    meetings, items = dates_of(request.user)
    calendar = _calendar()
    for meeting in meetings:
        calendar.add_component(_meeting_event(request, meeting, ""))
    for item in items:
        calendar.add_component(_due_event(request, item))
    return _file(calendar, "my-dates")


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//robot alliance//meetings//")
    calendar.add("version", "2.0")
    return calendar


def _file(calendar: Calendar, name: str) -> HttpResponse:
    response = HttpResponse(calendar.to_ical(), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


def _event(request: HttpRequest, row: Any, summary: str, address: str) -> Event:
    event = Event()
    event.add("uid", f"{row.public_id}@{request.get_host()}")
    event.add("sequence", row.version)
    event.add("dtstamp", row.updated_at)
    event.add("summary", summary)
    event.add("url", request.build_absolute_uri(address))
    return event


def _meeting_event(request: HttpRequest, meeting: Meeting, points: str) -> Event:
    event = _event(request, meeting, meeting.title, reverse("meeting", args=[meeting.public_id]))
    if meeting.starts_at is not None:
        start = timezone.make_aware(datetime.combine(meeting.held_on, meeting.starts_at))
        event.add("dtstart", start)
        event.add("dtend", start + timedelta(minutes=meeting.minutes_long))
    else:
        event.add("dtstart", meeting.held_on)
        event.add("dtend", meeting.held_on + timedelta(days=1))
    if meeting.place:
        event.add("location", meeting.place)
    if points:
        event.add("description", points)
    event.add("status", "CANCELLED" if meeting.state == MeetingState.CANCELLED else "CONFIRMED")
    return event


def _due_event(request: HttpRequest, item: ActionItem) -> Event:
    summary = _("due: %(what)s") % {"what": item.text}
    event = _event(request, item, summary, reverse("meeting", args=[item.meeting.public_id]))
    event.add("dtstart", item.due_on)
    event.add("dtend", item.due_on + timedelta(days=1) if item.due_on else None)
    event.add("description", f"{item.meeting} · {item.bureau}")
    return event

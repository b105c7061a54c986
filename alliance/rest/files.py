"""Files that jobs take and give: a form with a file coming in, a download going out."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from alliance.rest.pages import FirstRenderer

#: what any file is: programs read it by its name, browsers save it and run nothing of it
BINARY = "application/octet-stream"


def as_file(name: str, opened: Any) -> HttpResponseBase:
    """A download of what is open for reading; whoever keeps copies of answers keeps none of it."""
    return FileResponse(
        opened,
        as_attachment=True,
        filename=name,
        content_type=BINARY,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


class FileJobs:
    """For a viewset whose `create` reads a form with a file where `takes_form` is set, and whose `file` gives one."""

    takes_form = False
    action_map: dict[str, str]
    request: Any

    def get_parsers(self) -> list[Any]:
        method = str(getattr(self.request, "method", "") or "").lower()
        if self.takes_form and self.action_map.get(method) == "create":
            return [MultiPartParser()]
        return super().get_parsers()  # type: ignore[misc]

    def get_content_negotiator(self) -> Any:
        """A file is a file, whatever the asker says that it accepts; its errors are problems as everywhere."""
        if getattr(self, "action", "") == "file":
            return FirstRenderer()
        return super().get_content_negotiator()  # type: ignore[misc]


def form_of(request: Request) -> Any:
    """What a form says; a field that is given twice could be read in two ways."""
    told: Any = request.data
    if twice := [name for name in told if len(told.getlist(name)) > 1]:
        raise serializers.ValidationError({twice[0][:80]: _("This field is given twice.")})
    return told

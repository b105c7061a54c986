"""A file to attach, a message to write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.choices import Audience, FileStage
from alliance.services.messages import MOST_LETTERS
from alliance.services.sniffing import ACCEPT


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, PNG, JPEG, XLSX, DOCX, STEP or ZIP, at most 20 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT, "class": "form-control"}),
        error_messages={"empty": _("The file is empty.")},
    )
    stage = forms.TypedChoiceField(
        label=_("The other side may open it"),
        choices=FileStage.choices,
        coerce=int,
        initial=FileStage.CONFIDENTIAL,
    )

    def __init__(self, *args: Any, staged: bool = True, whose: Any = None, **kwargs: Any) -> None:
        """`staged`: an introduction opens files here. `whose`: a bureau hangs this on the row of that organisation."""
        super().__init__(*args, **{"auto_id": "attach_%s", **kwargs})
        stage = self.fields["stage"]
        if not staged:
            del self.fields["stage"]
        elif whose is None:
            stage.choices = [pair for pair in FileStage.choices if pair[0] != FileStage.OWNER]  # type: ignore[attr-defined]
        else:
            stage.label = _("Who may open it")
            stage.choices = _bureaus_choices(whose)  # type: ignore[attr-defined]
            stage.initial = FileStage.CLOSED


def _bureaus_choices(whose: Any) -> list[tuple[int, Any]]:
    """From the fewest to the most who open it: each adds to the one before."""
    told = {"whose": whose}
    return [
        (FileStage.CLOSED, _("only our bureau")),
        (FileStage.OWNER, _("our bureau and %(whose)s, at once") % told),
        (
            FileStage.CONFIDENTIAL,
            _("our bureau and %(whose)s at once; who is introduced here, once confidentiality is agreed")
            % told,
        ),
        (
            FileStage.ACCEPTED,
            _("our bureau and %(whose)s at once; who is introduced here, once both firms have accepted")
            % told,
        ),
    ]


class MessageForm(forms.Form):
    """`audiences`: whom this person may write to here; with one only there is nothing to choose."""

    text = forms.CharField(
        label=_("Message"),
        max_length=MOST_LETTERS,
        widget=forms.Textarea(attrs={"rows": 3, "data-mentions": "people"}),
    )
    audience = forms.ChoiceField(label=_("Who reads it"), required=False)

    def __init__(self, *args: Any, audiences: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "message_%s", **kwargs})
        self.audiences = audiences
        if len(audiences) < 2:
            del self.fields["audience"]
        else:
            words = [(value, Audience(value).label) for value in audiences]
            self.fields["audience"].choices = words  # type: ignore[attr-defined]
            self.fields["audience"].initial = audiences[0]

    def chosen(self) -> str:
        return str(self.cleaned_data.get("audience") or self.audiences[0])


class QuestionForm(forms.Form):
    """A question to one firm; `about` names what it is about beside the row: "line:…"."""

    text = forms.CharField(
        label=_("Question"), max_length=MOST_LETTERS, widget=forms.Textarea(attrs={"rows": 3})
    )
    about = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "ask_%s", **kwargs})


class ReplyForm(forms.Form):
    """What is said to a question."""

    question = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("Answer"), max_length=MOST_LETTERS, widget=forms.Textarea(attrs={"rows": 3})
    )


class MendForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    text = forms.CharField(
        label=_("Message"), max_length=MOST_LETTERS, widget=forms.Textarea(attrs={"rows": 5})
    )

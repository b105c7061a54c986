"""What the operations of the API do, for its documentation in other languages: the words of their docstrings."""

from django.utils.translation import gettext_noop as _

OPERATIONS = (
    _("Alliances; the detail has their cities and what each does."),
    _("What facilities can make; price and capacity where the asker may know them."),
    _("Replace what the row says; a field that is left out is cleared."),
    _("Change the fields that are given; in an object the keys that are given, null takes one away."),
    _("Put it away: out of lists and matching, kept with all that refers to it."),
    _("Up to 1,000 rows, all or nothing (`atomic`, the default) or each by itself; an answer for each row."),
    _("Make the row of this name, or write over it; twice the same does nothing the second time."),
    _("Rows that changed or went, oldest first, each once; what the asker does not see does not appear."),
    _("Capabilities by file: nothing of it counts before it is confirmed, or where `mode` says save."),
    _("Send a workbook, CSV or JSON lines; it is checked at once, or by a worker where it is large."),
    _("Do a step: map (with `columns`), confirm, cancel, undo (within a day)."),
    _("The rows as they came in a workbook (.xlsx); bad cells are red and say what is wrong with them."),
    _("All that a list shows in one file, written in the background; only who asked sees and fetches it."),
    _("Queue a file; `filters` are those of the list. A token needs `read` only."),
    _("Cancel it, or take its file away."),
    _("The file, while it is kept and while the asker may see all of what it tells."),
    _("Cities, districts and development areas."),
    _("The tree of parts and services; the detail has the parameters, inherited ones too."),
    _("Robot programmes; the detail has their lines. Written as one document with its lines and site need."),
    _("Plants and workshops."),
    _("A lab and a supplier, or a site's operator, brought together by the bureaus of their cities."),
    _("Propose a line and a capability, or a demand and a site, to each other: officials only."),
    _("Pipelines introduced as a whole, with their milestones; for the demand's side."),
    _("Propose the whole team of a pipeline and its site at once, or nothing: officials only."),
    _("Do a step: accept, agree, talk, sample, sign, deliver, plan, decline, withdraw, reopen."),
    _(
        "What a demand would find, or what a capability would fit, if it were published now, as its owner reads it."
    ),
    _("Runs of the matcher and how far they are."),
    _("Queue a run of an alliance or of one demand; the answer's Location says where to follow it."),
    _("End the run now; results stay as they were."),
    _("A new run of what a failed or cancelled one covered."),
    _("Capabilities that meet every rule of a line, for the demand's side: id is line.capability."),
    _("Capabilities that fail exactly one rule of a line, for the demand's side: id is line.capability."),
    _(
        "Firms and bureaus. A firm that changes its name or city is verified again; new ones come by registration."
    ),
    _("A team of suppliers and a site, for the demand's side: id is demand.site, or demand without a site."),
    _("The tree of application scenarios; the detail has the parameters, inherited ones too."),
    _("Open application sites with their windows and what they ask of parts."),
    _(
        "One's own API tokens, and those of organisations whose owner or official one is."
        "\n\nMaking, rotating and revoking them needs a session: a token cannot prolong itself."
    ),
    _("A new secret with the same rights; the old one ends now or after `keep_hours`."),
    _("A supplier's own pairs: what fits, and what it lacks; never score, terms, rank or rivals."),
    _("The log: every message of the last month, with what was sent and what came back."),
    _("Send it once more, with the same id, whatever became of it."),
    _("Where your own system is told what happens (Standard Webhooks); kept by editors and officials."),
    _("A new webhook; the secret that signs its messages is in this answer and in no other."),
    _("Delete it with its log."),
    _("A new secret; for a day requests carry the signatures of the old and the new one."),
    _("Send `webhook.test`; what became of it is in the log."),
    # What stands at the head of the description: DESCRIPTION in the settings.
    _(
        "Needs of robot labs, abilities of manufacturers, application sites, and what fits together. "
        "Send a token as `Authorization: Bearer …`. Every error is a problem (RFC 9457); lists have "
        "`limit` (at most 200) and `cursor`; an unknown parameter or field is refused by name."
    ),
)

#: what the description says of errors, headers and of itself
DESCRIPTIONS = (
    _("A parameter, a field or the body is wrong; `errors` names which."),
    _("No valid token or session."),
    _("The token's scope or the caller's role does not allow this."),
    _("Missing, or not for the caller: the two look the same."),
    _("What Accept asks for is not spoken here."),
    _("Too many requests; Retry-After says when to come back."),
    _("The database did not answer in time."),
    _("The row is not in a state that allows this, or somebody was first."),
    _("The body is too large."),
    _("This Content-Type is not read here."),
    _("The row has changed since the version in If-Match."),
    _("If-Match is needed: the ETag of the row as it was read."),
    _("The Idempotency-Key was sent before with another request."),
    _("the ETag of the row as it was read"),
    _("`*`: only if there is none yet"),
    _("sent again with the same key within a day, the request is answered as before and does nothing"),
    _("the version of the row"),
    _("from `next` or `previous`"),
    _(
        "Needs of robot labs, abilities of manufacturers, application sites, and what fits together. "
        "Make a token on the page of your tokens (/account/tokens/), press Authorize here and try an operation out, "
        "or send it as `Authorization: Bearer …`. Every error is a problem (RFC 9457); lists have "
        "`limit` (at most 200) and `cursor`; an unknown parameter or field is refused by name."
    ),
)

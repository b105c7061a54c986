"""What the API's operations, bodies and fields are, for its documentation in other languages."""

from django.utils.translation import gettext_noop as _

OPERATIONS = (
    _("Alliances; the detail has their cities and what each does."),
    _("What facilities can make; price and capacity where the asker may know them."),
    _("Replace what the row says; a field that is left out is cleared."),
    _(
        "Change the fields that are given; in an object the keys that are given, null takes one away."
        "\n\nA list is replaced as a whole."
    ),
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
    _("The row of this address."),
    _("Make a row: a draft, unless it says that it is published."),
    _("A new token: its text is in this answer and in no other. Needs a session."),
    _("End it: refused from the next request on. Needs a session."),
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
    _("`*`: only if there is none yet; ETags: only if it is at none of these versions"),
    _("sent again with the same key within a day, the request is answered as before and does nothing"),
    _("the version of the row"),
    _("from `next` or `previous`"),
    _(
        "Needs of robot labs, abilities of manufacturers, application sites, and what fits together. "
        "Make a token on [the page of your tokens](/account/tokens/), press Authorize here and try an operation out, "
        "or send it as `Authorization: Bearer …`. Every error is a problem (RFC 9457); lists have "
        "`limit` (at most 200) and `cursor`; an unknown parameter or field is refused by name."
    ),
)

#: what the operations are about
TAGS = (
    _("Cities, alliances and types: read-only."),
    _("Firms, their plants and what they can make."),
    _("What labs need."),
    _("Where robots are tried."),
    _("What fits together, for who may see it."),
    _("The matcher at work."),
    _("Firms brought together, step by step."),
    _("Large files in and out, in the background."),
    _("What has changed, for who keeps a copy."),
    _("What programs sign in with."),
    _("Your own system is told what happens."),
    _("An answer for each row."),
)

#: what serializers, errors and parameters say of themselves
TEXTS = (
    _("A city, component type or scenario type where another row names it."),
    _("A draft unless `published`."),
    _('A draft unless `published`; figures may carry a unit ("12 N*m", "21 d").'),
    _(
        "A draft unless `published`; the alliance may be left out by who is in one only, the lab's city is the firm's."
    ),
    _("A firm or bureau where another row names it; `fictitious` marks an invented one (示例)."),
    _("A form with the file: a workbook (.xlsx), CSV or JSON lines with up to 20,000 rows and 50 MB."),
    _("A line is known again by `external_id` or `id`; lines that are not named go."),
    _("A parameter of a type; `from_type` lists it, the types below have it too."),
    _("A parameter, a field or the body is wrong; `errors` names which."),
    _("A pipeline introduced as a whole; `site` is null where it has none."),
    _("A row that changed; `removed`: it was taken back, and its address says 404 now."),
    _("An error (RFC 9457)."),
    _("Certificates of the capability itself, of its facility and of its firm: any of the three counts."),
    _("Counts of lines; those that the asker may see by name."),
    _("Days from as-of; null where there is no such stage or no complete team."),
    _("Days on which the site is open, both included."),
    _("Either a demand or a capability, as one would send it to be stored."),
    _("Either a line and a capability, or a demand and a site."),
    _("Either an alliance (short name or id) or one demand."),
    _("If-Match is needed: the ETag of the row as it was read."),
    _("Missing, or not for the caller: the two look the same."),
    _("No valid token or session."),
    _("Price and capacity."),
    _("The Idempotency-Key was sent before with another request."),
    _("The answer to a request for a run; `id` is null where the run covers more than the asker may see."),
    _("The body is too large."),
    _("The database did not answer in time."),
    _("The pipeline by its demand and, where it has one, its site."),
    _("The row has changed since the version in If-Match."),
    _("The row is not in a state that allows this, or somebody was first."),
    _("The token's scope or the caller's role does not allow this."),
    _("Too many requests; Retry-After says when to come back."),
    _("Up to 1,000 rows: each one is made, or written over where its `external_id` is there already."),
    _("What a supplier learns of a pair of its own: whether it fits, or its own gap in words."),
    _("What hangs on the entry is empty or null where it is not for the asker."),
    _("What whatever works at the site must meet, on a component parameter."),
    _("What would bring more lines."),
    _("`done` of `rows` are looked at; nothing counts before `state` is saved."),
    _("`lab` is what the asker may call it; `turn` says who has to do the next step, by `due_on`."),
    _("`matched` is false while the alliance has no day to match on, or the demand has no lines."),
    _("`organisation` is needed only by who writes for several firms."),
    _("`row` as the file counts it, `column` counted from 1; `suggestion` is what was probably meant."),
    _("`state` is what all of it has reached: the least of the introductions that are still running."),
    _("`terms` is null where price and capacity are not for the asker."),
    _("`title`, `organisation` and `external_id` are null where they are not for the asker."),
    _("`unit` may be left out: the value is then in the parameter's own."),
    _(
        "`value`: a number, a text with a unit, [low, high], choices, true or false; soft ones weigh and tolerate."
    ),
    _("position in `rows`, from 0"),
    _("No response body"),
    _("`*`: only if there is none yet; ETags: only if it is at none of these versions"),
    _("from `next` or `previous`"),
    _("from the answer before; else from the beginning"),
    _("only the place, nothing before it"),
    _("sent again with the same key within a day, the request is answered as before and does nothing"),
    _("the ETag of the row as it was read"),
    _("the version of the row"),
    _("The firm's own id"),
    _("What the list of `resource` shows for these filters, in one file of at most 500,000 rows."),
    _("`done` of `rows` are written; the file is at `file/` from done to `expires_at`."),
    _("changed at this time or later"),
    _("rows on a page, 1 to 200"),
    _("the public id, as answers show it"),
    _("the code, as lists show it"),
    _("your own name for the row: no slash in it"),
    _("A page of rows, and where the pages before and after it are."),
    _("As it is now."),
    _("It was made; `Location` is its address where it has one."),
    _("It is queued; `Location` says where to follow it where there is such a place."),
    _("It is done, and there is nothing to say."),
    _("What is wrong with one field."),
    _("What became of one row."),
    _(
        "How many rows were made, changed, left as they were and refused, and an answer for each in their order."
    ),
)

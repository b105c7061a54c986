"""Places, alliances, organisations and people: who there is and where they are."""

from alliance.kinds import Kind, register
from alliance.models.attachments import Attachment
from alliance.models.base import GuardedManager, HeldCertificate, Published, TypeNode
from alliance.models.care import Merge, Suspension
from alliance.models.changes import Change, ConsumerPosition, Heartbeat
from alliance.models.disclosures import Disclosure, Viewing
from alliance.models.joining import Invitation, JoinRequest, Mail, Verification
from alliance.models.lists import ListSetting, SavedFilter
from alliance.models.messages import Message, MessageReader
from alliance.models.notices import MailHabit, Notice, NoticePreference
from alliance.models.organisations import (
    Certification,
    DeliveryRecord,
    Exclusion,
    Organisation,
    OrganisationCertificate,
    OrganisationContact,
)
from alliance.models.people import ApiToken, Membership, User
from alliance.models.places import (
    Alliance,
    AllianceCity,
    AllianceReach,
    AllianceWeights,
    City,
    CityCare,
    TravelTime,
)
from alliance.models.requests import IdempotencyKey
from alliance.models.signing import Attempt, RecoveryCode, SecondFactor
from alliance.models.webhooks import Webhook, WebhookAttempt, WebhookMessage

__all__ = [
    "Alliance",
    "AllianceCity",
    "AllianceReach",
    "AllianceWeights",
    "ApiToken",
    "Attachment",
    "Attempt",
    "Certification",
    "Change",
    "City",
    "CityCare",
    "ConsumerPosition",
    "DeliveryRecord",
    "Disclosure",
    "Exclusion",
    "GuardedManager",
    "Heartbeat",
    "HeldCertificate",
    "IdempotencyKey",
    "Invitation",
    "JoinRequest",
    "ListSetting",
    "Mail",
    "MailHabit",
    "Membership",
    "Merge",
    "Message",
    "MessageReader",
    "Notice",
    "NoticePreference",
    "Organisation",
    "OrganisationCertificate",
    "OrganisationContact",
    "Published",
    "RecoveryCode",
    "SavedFilter",
    "SecondFactor",
    "Suspension",
    "TravelTime",
    "TypeNode",
    "User",
    "Verification",
    "Viewing",
    "Webhook",
    "WebhookAttempt",
    "WebhookMessage",
]

register(
    Kind(
        "organisation",
        Organisation,
        "firm",
        holders=lambda row: [row.pk],
        cities=lambda row: [row.city_id],
        owner=lambda row: row.pk if row.kind == "firm" else None,
        asked=True,
    )
)
register(Kind("join request", JoinRequest, "", history=False, holders=lambda row: [], staged=False))
register(
    Kind(
        "verification",
        Verification,
        "verification",
        history=False,
        holders=lambda row: [row.organisation_id],
        staged=False,
    )
)

"""Writing what firms can make and where; the same functions for pages, sheets and programs."""

from companies.services.capabilities import (
    archive_capability,
    clone_capability,
    create_capability,
    may_edit,
    may_write_for,
    publish_capability,
    restore_capability,
    set_free_capacity,
    store_changed,
    store_new,
    update_capability,
    why_not_publish,
    withdraw_capability,
)
from companies.services.evidence import end_changed, may_verify, verify_values, withdraw_evidence
from companies.services.facilities import (
    archive_facility,
    create_facility,
    may_edit_facility,
    restore_facility,
    update_facility,
)
from companies.services.inputs import (
    CapabilityChecker,
    CapabilityInput,
    CertificateInput,
    Checked,
    FacilityInput,
    InputError,
)

__all__ = [
    "CapabilityChecker",
    "CapabilityInput",
    "CertificateInput",
    "Checked",
    "FacilityInput",
    "InputError",
    "archive_capability",
    "archive_facility",
    "clone_capability",
    "create_capability",
    "create_facility",
    "end_changed",
    "may_edit",
    "may_edit_facility",
    "may_verify",
    "may_write_for",
    "publish_capability",
    "restore_capability",
    "restore_facility",
    "set_free_capacity",
    "store_changed",
    "store_new",
    "update_capability",
    "update_facility",
    "verify_values",
    "why_not_publish",
    "withdraw_capability",
    "withdraw_evidence",
]

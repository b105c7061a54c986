"""Forms of the companies app's pages."""

from companies.forms.capability import CapabilityForm
from companies.forms.typed import read_form, stored_data, take_theirs

__all__ = ["CapabilityForm", "read_form", "stored_data", "take_theirs"]

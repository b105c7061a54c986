"""Pages of firms and of what they can make."""

from companies.views import several as several  # offers its steps to the lists
from companies.views.editing import capability_edit, capability_new, capability_step, capability_verify
from companies.views.facilities import facility, facility_edit, facility_new, facility_step
from companies.views.imports import (
    import_comments,
    import_confirm,
    import_detail,
    import_export,
    import_map,
    import_mend,
    import_template,
    import_undo,
    imports,
)
from companies.views.pages import capabilities, capability, firm, firms

__all__ = [
    "capabilities",
    "capability",
    "capability_edit",
    "capability_new",
    "capability_step",
    "capability_verify",
    "facility",
    "facility_edit",
    "facility_new",
    "facility_step",
    "firm",
    "firms",
    "import_comments",
    "import_confirm",
    "import_detail",
    "import_export",
    "import_map",
    "import_mend",
    "import_template",
    "import_undo",
    "imports",
]

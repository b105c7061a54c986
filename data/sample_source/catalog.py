"""What the fictitious firms make: sizes, spec values, prices and lead times by component type.

Values lie in the typical range of the type tree. Types of which real products are published take those
products as sizes (see `PUBLISHED_KEY`); what the data sheets do not give is filled in from here.
"""

from __future__ import annotations

from sample_source.parts import PARTS
from sample_source.processes import PROCESSES

OFFERS = PARTS | PROCESSES

# Size of a published product = its rank by this parameter.
PUBLISHED_KEY = {
    "DRV-SWG": "rated_torque",
    "DRV-PLG": "rated_torque",
    "ACT-ROT": "rated_torque",
    "ACT-FTM": "continuous_torque",
    "ACT-SVD": "continuous_current",
    "SEN-L2D": "range",
}

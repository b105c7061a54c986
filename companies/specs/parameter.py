"""What one spec parameter is, and the one error that every function of this package raises."""

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["number", "range", "choice", "bool"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of a type's parameter list. Ordered choices run from the worst (least demanding) to the best."""

    key: str
    unit: str
    kind: Kind
    choices: tuple[str, ...] = ()
    ordered: bool = False
    symbol: str = ""

    @property
    def is_quantity(self) -> bool:
        """Numbers and ranges take the same values and operators; the kind only says what is usual."""
        return self.kind in ("number", "range")


class SpecError(Exception):
    """Bad input: `field` says where in the input (a key, `[2].value`), `message` what to do, translated."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message

    def below(self, prefix: str) -> "SpecError":
        """The same error seen from one level up."""
        separator = "." if self.field and not self.field.startswith("[") else ""
        return SpecError(f"{prefix}{separator}{self.field}", self.message)

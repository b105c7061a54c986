"""Type trees: read, judged against each other and against what is stored, and merged."""

from typing import Any

from django.utils.translation import gettext as _

from alliance.choices import CityRole
from companies.specs import KINDS, Parameter, UnitError, tree_unit
from matching.services.bundle.cells import read_name, read_text
from matching.services.bundle.context import Context, Count
from matching.services.bundle.csv_rows import decode
from matching.services.bundle.layout import COMPONENT_TYPES
from matching.services.bundle.parameters import ParameterSets, TypeEntry, in_cycles
from matching.services.bundle.problems import CellError, FileError
from matching.services.bundle.safe_json import parse_json
from matching.services.bundle.tree_rows import (
    KEY_FIELDS,
    PARAMETER_FIELDS,
    TREES,
    KeyRow,
    TypeRow,
    stored_tree,
)
from matching.services.bundle.tree_use import keys_in_use
from matching.services.bundle.tree_write import write_tree

_MAX_FILE = 64 * 2**20
_MAX_CHOICES = 64

_code = read_name(64)
_name = read_text(300)
_unit = read_name(40)


class TreeImport:
    """One tree file. Types already stored and not listed stay; a listed type's parameters are replaced as a set."""

    def __init__(self, context: Context, file: str) -> None:
        self.context = context
        self.file = file
        self.types, self.keys = stored_tree(TREES[file])
        self.before = {
            code: (row.parent, tuple(p["key"] for p in row.params)) for code, row in self.types.items()
        }
        self.keys_before = {key: row.meaning() for key, row in self.keys.items()}
        self.listed: dict[str, int] = {}
        self.given_keys: dict[str, dict[str, Any]] = {}

    # --- reading -----------------------------------------------------------------------------------
    def run(self) -> None:
        problems = len(self.context.problems.rows)
        if self.file in self.context.files:
            try:
                self._read()
            except FileError as error:
                self.bad(error.row, error.column, error.message)
            self._judge()
        names = self.context.lookups[self.file]
        if len(self.context.problems.rows) > problems:
            names.incomplete = True
        else:
            self._finish()
        for code, row in self.types.items():
            names.add(code, row.pk)

    def bad(self, row: int, column: str, reason: str) -> None:
        self.context.problems.add(self.file, row, column, reason)

    def _read(self) -> None:
        with self.context.source.open(self.file) as stream:
            data = stream.read(_MAX_FILE + 1)
        if len(data) > _MAX_FILE:
            raise FileError(_("The file is larger than 64 MB."))
        try:
            whole = parse_json(decode(data.removeprefix(b"\xef\xbb\xbf")))
        except CellError as error:
            raise FileError(str(error)) from None
        if not isinstance(whole, dict) or not isinstance(whole.get("types"), list):
            raise FileError(_('The file must be an object with a list of types: {"types": […]}.'))
        for name in whole.keys() - {"meta", "types"}:
            self.bad(0, name[:60], _("There is no such field in this file."))
        for number, raw in enumerate(whole["types"], 1):
            self._read_type(number, raw)

    def _read_type(self, number: int, raw: Any) -> None:
        if not isinstance(raw, dict):
            self.bad(number, "", _("A type must be an object."))
            return
        try:
            code = _text_of(raw, "code", _code)
        except CellError as error:
            self.bad(number, "code", str(error))
            return
        if not code:
            self.bad(number, "code", _("The code is missing."))
            return
        if code in self.listed:
            self.bad(
                number,
                "code",
                _("“%(code)s” is there already, in row %(row)d.") % {"code": code, "row": self.listed[code]},
            )
            return
        self.listed[code] = number
        row = self.types.setdefault(code, TypeRow(pk=0, code=code))
        for name, value in raw.items():
            if name != "code":
                self._read_field(number, row, name, value)

    def _read_field(self, number: int, row: TypeRow, name: str, value: Any) -> None:
        try:
            if name == "params":
                row.params = self._read_params(number, value)
            elif name in ("name_en", "name_zh"):
                setattr(row, name, _name(_string(value)))
            elif name == "parent":
                row.parent = _code(_string(value)) or None
            elif name in ("synonyms_en", "synonyms_zh"):
                setattr(row, name, _strings(value))
            elif self.file == COMPONENT_TYPES and name in ("supplied_by", "quantity_unit", "classification"):
                self._read_component_field(row, name, value)
            else:
                row.set_attribute(_code(name), value)
        except CellError as error:
            self.bad(number, name[:60], str(error))

    def _read_component_field(self, row: TypeRow, name: str, value: Any) -> None:
        if name == "supplied_by":
            row.supplied_by = _string(value)
            if row.supplied_by and row.supplied_by not in CityRole.values:
                raise CellError(
                    _("“%(text)s” is not one of: %(choices)s.")
                    % {"text": row.supplied_by[:60], "choices": ", ".join(CityRole.values)}
                )
        elif name == "quantity_unit":
            row.quantity_unit = _unit(_string(value))
        else:
            if not isinstance(value, dict | None):
                raise CellError(_("The classification must be an object."))
            row.classification = value or {}

    def _read_params(self, number: int, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list | None):
            raise CellError(_("The parameters must be a list."))
        params: list[dict[str, Any]] = []
        seen: set[str] = set()
        for place, raw in enumerate(value or []):
            column = f"params[{place}]"
            try:
                param = self._read_param(raw)
            except CellError as error:
                self.bad(number, column, str(error))
                continue
            if param["key"] in seen:
                self.bad(number, column, _("“%(key)s” is given twice.") % {"key": param["key"]})
                continue
            seen.add(param["key"])
            params.append(param)
        return params

    def _read_param(self, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise CellError(_("A parameter must be an object."))
        key = _text_of(raw, "key", _code)
        if not key or ":" in key or any(character.isspace() for character in key):
            raise CellError(_("A parameter needs a key without blanks and colons."))
        self._learn_key(key, _key_fields(raw))
        attributes = {n: v for n, v in raw.items() if n not in KEY_FIELDS and n not in PARAMETER_FIELDS}
        return {
            "key": key,
            "name_en": _text_of(raw, "name_en", _name),
            "name_zh": _text_of(raw, "name_zh", _name),
            "attributes": attributes,
        }

    def _learn_key(self, key: str, given: dict[str, Any]) -> None:
        """A key means the same everywhere: what two types say of it must agree."""
        known = self.given_keys.setdefault(key, {})
        for name, value in given.items():
            if known.setdefault(name, value) != value:
                raise CellError(
                    _(
                        "“%(key)s” has another %(field)s elsewhere in the tree. A key means the same everywhere."
                    )
                    % {"key": key, "field": name}
                )

    # --- judging -----------------------------------------------------------------------------------
    def _judge(self) -> None:
        self._judge_keys()
        for code, number in self.listed.items():
            row = self.types[code]
            if row.parent is not None and row.parent not in self.types:
                self.bad(number, "parent", _("There is no type “%(code)s”.") % {"code": row.parent})
            if not (row.name_en or row.name_zh):
                self.bad(number, "name_en", _("Give the name in English or in Chinese."))
        for code in in_cycles({code: row.parent for code, row in self.types.items()}):
            self.bad(self.listed.get(code, 0), "parent", _("“%(code)s” lies below itself.") % {"code": code})

    def _judge_keys(self) -> None:
        first = {p["key"]: n for code, n in reversed(self.listed.items()) for p in self.types[code].params}
        for key, given in self.given_keys.items():
            row = self.keys.setdefault(key, KeyRow(pk=0, key=key))
            for name, value in given.items():
                setattr(row, name, value)
            if message := _key_problem(row):
                self.bad(first.get(key, 0), key, message)
        self._judge_changed_keys(first)

    def _judge_changed_keys(self, first: dict[str, int]) -> None:
        """Stored values are in the key's unit and choices: those cannot change under them."""
        changed = [k for k, meaning in self.keys_before.items() if self.keys[k].meaning() != meaning]
        for key, message in keys_in_use(TREES[self.file], changed, self.keys_before, self.keys):
            self.bad(first.get(key, 0), key, message)

    # --- writing -----------------------------------------------------------------------------------
    def _finish(self) -> None:
        tree = TREES[self.file]
        fresh = [row for row in self.types.values() if not row.pk]
        for row, pk in zip(fresh, self.context.ids(tree.type_model, len(fresh)), strict=True):
            row.pk = pk
        keys = [row for row in self.keys.values() if not row.pk]
        for key, pk in zip(keys, self.context.ids(tree.key_model, len(keys)), strict=True):
            key.pk = pk
        self.context.parameters[self.file] = ParameterSets(
            [
                TypeEntry(row.pk, row.code, row.parent, tuple(p["key"] for p in row.params))
                for row in self.types.values()
            ],
            {key: row.parameter() for key, row in self.keys.items()},
            {key: row.pk for key, row in self.keys.items()},
        )
        if self.context.sound and self.listed:
            count = write_tree(
                tree, [self.types[code] for code in self.listed], self.types, self.keys, fresh, keys
            )
            self.context.counts[self.file] = count
            self.context.trees_changed |= count.any
        elif self.listed:
            self.context.counts[self.file] = Count()


def _string(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CellError(_("The value must be a text."))
    return value.strip()


def _strings(value: Any) -> list[str]:
    if not isinstance(value, list | None):
        raise CellError(_("The value must be a list of texts."))
    return [_name(_string(item)) for item in value or []]


def _text_of(raw: dict[str, Any], name: str, read: Any) -> str:
    text: str = read(_string(raw.get(name)))
    return text


def _key_fields(raw: dict[str, Any]) -> dict[str, Any]:
    """What a parameter says about its key; what it does not say is left to the others."""
    given: dict[str, Any] = {}
    for name in ("unit", "symbol", "kind"):
        if raw.get(name) is not None:
            given[name] = _unit(_string(raw[name]))
    for name in ("choices", "choices_zh"):
        if raw.get(name) is not None:
            given[name] = _strings(raw[name])
    if raw.get("ordered") is not None:
        if not isinstance(raw["ordered"], bool):
            raise CellError(_("“ordered” must be true or false."))
        given["ordered"] = raw["ordered"]
    return given


def _key_problem(row: KeyRow) -> str:
    if row.kind not in KINDS:
        return _("“%(text)s” is not one of: %(choices)s.") % {
            "text": row.kind[:60],
            "choices": ", ".join(KINDS),
        }
    if row.kind == "choice":
        return _choice_problem(row)
    if row.choices or row.choices_zh or row.ordered:
        return _("Only a choice has choices and an order.")
    if row.kind == "bool":
        return _("Yes-or-no parameters and choices have no unit.") if row.unit not in ("", "1") else ""
    try:
        tree_unit(row.unit)
    except UnitError:
        return _("“%(unit)s” is not a known unit.") % {"unit": row.unit}
    return ""


def _choice_problem(row: KeyRow) -> str:
    if not row.choices or len(row.choices) > _MAX_CHOICES:
        return _("A choice needs 1 to 64 choices.")
    if "" in row.choices or len(set(row.choices)) < len(row.choices):
        return _("Choices are texts, each there once.")
    if row.choices_zh and len(row.choices_zh) != len(row.choices):
        return _("choices_zh must run beside choices: one for one.")
    if row.unit not in ("", "1"):
        return _("Yes-or-no parameters and choices have no unit.")
    return ""


def parameter_of(row: KeyRow) -> Parameter:
    return row.parameter()

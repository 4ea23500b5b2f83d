"""The table of settings: what people are told about each, in --help, docs/settings.md and the error messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Setting:
    """What people are told about a setting."""

    group: str
    help: str
    option: str = ""
    expects: str = ""
    unset: str = "not set"
    secret: bool = False


@dataclass(frozen=True)
class Row:
    """A setting as --help, the documentation and the error messages need it."""

    name: str
    about: Setting
    choices: tuple[str, ...]
    flag: bool
    default: str


def row_of(field_name: str, field: FieldInfo) -> Row:
    """The row of a field of the settings."""
    about = next(item for item in field.metadata if isinstance(item, Setting))
    is_flag = field.annotation in (bool, bool | None)
    return Row(field_name.upper(), about, _choices(field.annotation), is_flag, _told(field, about))


def _told(field: FieldInfo, about: Setting) -> str:
    """The default, as it is written in a .env file or said in words."""
    if field.default in (None, ()) or field.default_factory:
        return about.unset
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)


def _choices(annotation: object) -> tuple[str, ...]:
    """The words of a Literal, also where it is wrapped in Annotated or Optional."""
    inner = get_args(annotation)
    if all(isinstance(item, str) for item in inner):
        return inner
    return _choices(inner[0]) if inner else ()

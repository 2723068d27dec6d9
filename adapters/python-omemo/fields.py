"""Parameters of the harness: bytes are lower-case hex, and a field that is null is as one that is absent."""

from typing import Any, NamedTuple

Fields = dict[str, Any]


class BadParameters(Exception):
    """The harness is at fault, and not the library."""


class Address(NamedTuple):
    user: str
    device: int

    def fields(self) -> Fields:
        return {"userId": self.user, "deviceId": self.device}


def has(fields: Fields, name: str) -> bool:
    return fields.get(name) is not None


def _of_type(fields: Fields, name: str, kind: type) -> Any:
    if not isinstance(fields, dict) or type(fields.get(name)) is not kind:
        raise BadParameters(f"the parameter `{name}` is missing or of another form")
    return fields[name]


def text(fields: Fields, name: str) -> str:
    return str(_of_type(fields, name, str))


def number(fields: Fields, name: str) -> int:
    return int(_of_type(fields, name, int))


def items(fields: Fields, name: str) -> list[Fields]:
    return list(_of_type(fields, name, list))


def inner(fields: Fields, name: str) -> Fields:
    return dict(_of_type(fields, name, dict))


def data(fields: Fields, name: str) -> bytes:
    try:
        return bytes.fromhex(text(fields, name))
    except ValueError as error:
        raise BadParameters(f"the parameter `{name}` is no hex") from error


def address(fields: Fields) -> Address:
    return Address(text(fields, "userId"), number(fields, "deviceId"))


def peer(params: Fields) -> Address:
    return address(inner(params, "peer"))

"""Answers in XML and JSON: the same values, written as the protocol wants each."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response

from alcca._version import __version__
from alcca.errors import AlccaError

__all__ = ["Fields", "SubsonicError", "answer", "failure"]

# The last version of Subsonic's own protocol, which OpenSubsonic extends.
VERSION = "1.16.1"
NAMESPACE = "http://subsonic.org/restapi"
# Elements whose "value" is their text; of all others it is an attribute.
WITH_TEXT = frozenset({"lyrics", "line", "cue", "genre"})
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Scalars are attributes in XML, lists repeated elements; None is left out.
Fields = Mapping[str, Any]


class SubsonicError(AlccaError):
    """A call that failed, with a code of the protocol: 10 lacks a parameter, 40 to 44 credentials, 70 not found."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(fields: Fields, form: str) -> Response:
    """The response to a call.

    Parameters
    ----------
    fields : Fields
        What was asked for.
    form : str
        "json"; anything else is XML, the default of the protocol.
    """
    return _written({"status": "ok", **_about(), **fields}, form)


def failure(code: int, message: str, form: str, status: int = 200) -> Response:
    """The response to a call that failed; players read the code, not the HTTP status."""
    return _written({"status": "failed", **_about(), "error": {"code": code, "message": message}}, form, status)


def _about() -> dict[str, Any]:
    return {"version": VERSION, "type": "alcca", "serverVersion": __version__, "openSubsonic": True}


def _written(fields: Fields, form: str, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    if form == "json":
        content = json.dumps({"subsonic-response": _plain(fields)}, ensure_ascii=False)
        return Response(content.encode("utf-8", "replace"), status, headers, "application/json")
    root = _element("subsonic-response", fields)
    root.set("xmlns", NAMESPACE)
    return Response(ET.tostring(root, "utf-8", xml_declaration=True), status, headers, "text/xml")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _element(name: str, value: Any) -> ET.Element:
    element = ET.Element(name)
    if not isinstance(value, Mapping):
        element.text = _text(value)
        return element
    for key, one in value.items():
        if one is None:
            continue
        if isinstance(one, Mapping | list | tuple):
            element.extend(_element(key, item) for item in ([one] if isinstance(one, Mapping) else one))
        elif key == "value" and name in WITH_TEXT:
            element.text = _text(one)
        else:
            element.set(key, _text(one))
    return element


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return NOT_XML.sub("\ufffd", str(value))

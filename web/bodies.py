"""What a request brings along, read up to a limit and checked: JSON as a typed value, or the fields of a form."""

from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ValidationError

from i18n.translator import msgid
from web.errors import Refused

LARGEST_BODY = 64_000
MOST_FIELDS = 60
TOO_LARGE = msgid("This is too much at once. Please make it shorter.")
NOT_READABLE = msgid("This could not be read. Please load the page again.")
FIELD = msgid("Something is missing or does not fit here: {field}.")

type Form = dict[str, list[str]]


async def read_body(request: Request) -> bytes:
    received = b""
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST_BODY:
            raise Refused(413, "too_long", TOO_LARGE)
    return received


async def json_of[Body: BaseModel](request: Request, shape: type[Body]) -> Body:
    """The body as `shape` says; Refused with the name of the first field that does not fit."""
    received = await read_body(request)
    try:
        return shape.model_validate_json(received or b"{}")
    except ValidationError as error:
        where = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
        if not where:
            raise Refused(422, "invalid", NOT_READABLE) from None
        raise invalid(str(where[0])) from None  # the cause would hold what was written


def invalid(field: str) -> Refused:
    return Refused(422, "invalid", FIELD, field=field)


async def form_of(request: Request) -> Form:
    """The fields of a plain form, each with all its values; what can't be stored is left out of them."""
    received = await read_body(request)
    try:
        pairs = parse_qsl(received.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refused(422, "invalid", NOT_READABLE) from None
    fields: Form = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("\0", "").encode("utf-8", "replace").decode())
    return fields


def one(form: Form, name: str) -> str:
    """The first value of a field, without spaces around it; empty where there is none."""
    return form.get(name, [""])[0].strip()

"""Errors of the API as application/problem+json (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from core.errors import VelkommenError

PREFIX = "/api/v1"
MEDIA = "application/problem+json"
log = structlog.get_logger()


class FieldProblem(BaseModel):
    """pointer: a JSON Pointer into the body, or the name of a parameter."""

    pointer: str = Field(examples=["/people/0/arrival"])
    detail: str = Field(examples=["This is no day that we understand."])


class ProblemBody(BaseModel):
    """What every refusal and error looks like."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field("", examples=["There is no such topic."])
    instance: str = Field("", examples=["/api/v1/topics/none"])
    errors: list[FieldProblem] = []


class ProblemError(VelkommenError):
    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: list[FieldProblem] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors or [], headers


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the description: that these statuses come as problems."""
    shape = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA: shape}} for status in sorted(statuses)
    }


def problem_schemas() -> dict[str, Any]:
    schema = ProblemBody.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "ProblemBody": schema}


def leads_to(pointer: str, *operations: str) -> dict[str, Any]:
    """For the description: what stands there in the answer is the `number` that these operations take."""
    taken = {"parameters": {"number": f"$response.body#/{pointer}"}}
    return {"links": {operation: {"operationId": operation, **taken} for operation in operations}}


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, http_problem)
    app.add_exception_handler(Exception, _failed)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return _answer(request, error.status, error.detail, error.errors, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """Never with what was sent: that may be about somebody."""
    assert isinstance(error, RequestValidationError)
    problems = [FieldProblem(pointer=_pointer(each["loc"]), detail=str(each["msg"])) for each in error.errors()[:50]]
    unread = any(each["type"] == "json_invalid" for each in error.errors())
    detail = "The body is no JSON." if unread else "Something in the request does not fit."
    return _answer(request, 400 if unread else 422, detail, problems)


def _pointer(at: tuple[int | str, ...]) -> str:
    where, *rest = at
    if where == "body":
        return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in rest)
    return ".".join(map(str, rest or (where,)))


async def http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = {404: "There is nothing at this address.", 405: "This address does not know that method."}
    headers = {"Allow": _methods(request)} if error.status_code == 405 else dict(error.headers or {})
    return _answer(request, error.status_code, detail.get(error.status_code, ""), headers=headers)


def _methods(request: Request) -> str:
    """All that this address knows: each method has a route of its own, and Starlette names those of the first."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in here for method in route.methods or ()}))


async def _failed(request: Request, error: Exception) -> Response:
    log.error("api request failed", path=request.url.path, error=type(error).__name__)
    return _answer(request, 500, "Something of ours failed; nothing was changed. Please try again.")


def _answer(
    request: Request,
    status: int,
    detail: str,
    errors: list[FieldProblem] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body = ProblemBody(
        title=HTTPStatus(status).phrase, status=status, detail=detail, instance=request.url.path, errors=errors or []
    )
    return JSONResponse(body.model_dump(exclude_defaults=False), status, headers, MEDIA)

"""What a command is, and how its name turns into a method."""

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, get_type_hints

import msgspec

from gate.simulator.actions.oidc import Issuer
from gate.simulator.faults import Faults
from gate.simulator.http.authorization import Authorization
from gate.simulator.http.limits import RateLimits
from gate.simulator.http.tokens import Tokens
from gate.simulator.rest.dispatch import RestApi
from gate.simulator.state.world import World
from gate.simulator.webhooks.sender import WebhookSender

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class Stage(Protocol):
    """All a command may touch."""

    world: World
    tokens: Tokens
    authorization: Authorization
    limits: RateLimits
    faults: Faults
    sender: WebhookSender
    issuer: Issuer
    rest: RestApi


class Performer(Protocol):
    """Whoever performs commands, here or in another process."""

    def perform(self, command: "Command[Any, R_co]", arguments: dict[str, Any]) -> R_co:
        """Perform one command."""


class Command(Generic[P, R_co]):
    """A command as a class attribute: reading it from an object gives the bound method."""

    def __init__(self, body: Callable[Concatenate[Stage, P], R_co]) -> None:
        self.body = body
        self.name = body.__name__
        self.__doc__ = body.__doc__
        parameters = list(inspect.signature(body).parameters.values())[1:]
        self._signature = inspect.Signature(parameters)

    def __get__(self, performer: Performer, owner: type) -> Callable[P, R_co]:
        def method(*args: P.args, **kwargs: P.kwargs) -> R_co:
            bound = self._signature.bind(*args, **kwargs)
            return performer.perform(self, dict(bound.arguments))

        method.__name__ = self.name
        method.__doc__ = self.__doc__
        return method

    @cached_property
    def arguments_type(self) -> Any:  # noqa: ANN401 - a type made at run time
        """Describe the arguments as a type that JSON can be checked against."""
        hints = get_type_hints(self.body)
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
            (name, hints[name])
            if parameter.default is inspect.Parameter.empty
            else (name, hints[name], parameter.default)
            for name, parameter in self._signature.parameters.items()
        ]
        return msgspec.defstruct(
            self.name, fields, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
        )

    @cached_property
    def result_type(self) -> Any:  # noqa: ANN401 - a type found at run time
        """Return the type of the result."""
        return get_type_hints(self.body)["return"]

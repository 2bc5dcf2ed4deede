"""Open spans, wherever work is done; nothing happens while traces are off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from types import MappingProxyType, TracebackType
from typing import Final, Protocol, Self

from gate.traces.names import Attribute, SpanName

Value = str | int | Sequence[int]
Attributes = Mapping[Attribute, Value]

NOTHING: Final[Attributes] = MappingProxyType({})


class Fate(Enum):
    """What became of a span that ended."""

    EXPORTED = "exported"
    FAILED = "failed"
    DROPPED = "dropped"


class Span(Protocol):
    """A span that has begun.

    As a context manager it is the current one inside, and ends with it, with the slug of the error
    that it ends by. One that never ends is never exported.
    """

    def __enter__(self) -> Self:
        """Make the span the current one."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the span; the one that was current before is it again."""
        ...

    def set(self, attributes: Attributes) -> None:
        """Add attributes."""
        ...

    def active(self) -> AbstractContextManager[object]:
        """Return what makes the span the current one without ending it; for any thread."""
        ...


class Traces(Protocol):
    """Where spans begin. Nothing here ever raises or waits for the network."""

    @property
    def is_on(self) -> bool:
        """Return whether anything is recorded."""
        ...

    def span(self, name: SpanName, attributes: Attributes = NOTHING) -> Span:
        """Begin a span below the current one."""
        ...

    def trace(
        self,
        name: SpanName,
        attributes: Attributes = NOTHING,
        *,
        delivery: str | None = None,
        link: str | None = None,
    ) -> Span:
        """Begin a span below a delivery's webhook, or else a trace of its own.

        It links to the trace of the delivery `link`, unless it is in that one.
        """
        ...

    def record(
        self,
        name: SpanName,
        delivery: str,
        started: float,
        attributes: Attributes = NOTHING,
        *,
        is_first: bool = False,
    ) -> None:
        """Record a span that ends now, below a delivery's webhook.

        `started` is the reading of `perf_counter` when it began. `is_first` makes it the span of
        the webhook itself, which a trace has once.
        """
        ...

    def fields(self, delivery: str) -> Mapping[str, str]:
        """Return what a line of the log about a delivery has besides."""
        ...

    def counts(self) -> Mapping[Fate, int]:
        """Return what became of the spans of this process so far; nothing while traces are off."""
        ...

    def close(self) -> None:
        """Send what has ended, for a few seconds at most."""
        ...


class _NoSpan:
    """The span of a gate whose traces are off."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def set(self, attributes: Attributes) -> None:
        pass

    def active(self) -> Self:
        return self


class _Off:
    """Traces that are off."""

    is_on: Final = False

    def span(self, _name: SpanName, _attributes: Attributes = NOTHING) -> Span:
        return NO_SPAN

    def trace(
        self,
        name: SpanName,  # noqa: ARG002 - the port's
        attributes: Attributes = NOTHING,  # noqa: ARG002 - the port's
        *,
        delivery: str | None = None,  # noqa: ARG002 - the port's
        link: str | None = None,  # noqa: ARG002 - the port's
    ) -> Span:
        return NO_SPAN

    def record(
        self,
        name: SpanName,
        delivery: str,
        started: float,
        attributes: Attributes = NOTHING,
        *,
        is_first: bool = False,
    ) -> None:
        pass

    def fields(self, delivery: str) -> Mapping[str, str]:  # noqa: ARG002 - the port's
        return {}

    def counts(self) -> Mapping[Fate, int]:
        return {}

    def close(self) -> None:
        pass


NO_SPAN: Final[Span] = _NoSpan()
"""The span of whatever is not recorded."""

NO_TRACES: Final[Traces] = _Off()
"""The traces of a gate that records none."""

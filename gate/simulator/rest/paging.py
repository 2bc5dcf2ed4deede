"""Pages of a listing, linked as "Using pagination in the REST API" describes."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from gate.simulator.rest.routing import Call, Reply

T = TypeVar("T")

DEFAULT_PAGE = 30
LARGEST_PAGE = 100


def per_page(call: Call) -> int:
    """Read how many items a page has; nonsense counts as the default."""
    text = call.request.query.get("per_page", "")
    return max(1, min(int(text), LARGEST_PAGE)) if text.isdigit() else DEFAULT_PAGE


def link(call: Call, **changes: object) -> str:
    """Write the address of the same listing with other parameters."""
    query = call.request.query | {name: str(value) for name, value in changes.items()}
    path = call.world.api_url + call.request.path
    return f"<{path}?{urlencode(query)}>"


def page(
    call: Call, items: Sequence[T], shape: Callable[[T], Any], key: str | None = None
) -> Reply:
    """Answer with one page of `items`; with `key` inside an object that has `total_count`."""
    size = per_page(call)
    text = call.request.query.get("page", "")
    number = max(1, int(text)) if text.isdigit() else 1
    last = max(1, -(-len(items) // size))
    shown = [shape(item) for item in items[(number - 1) * size : number * size]]
    links = []
    if number > 1:
        links.append(f'{link(call, page=number - 1)}; rel="prev"')
    if number < last:
        links.append(f'{link(call, page=number + 1)}; rel="next"')
        links.append(f'{link(call, page=last)}; rel="last"')
    if number > 1:
        links.append(f'{link(call, page=1)}; rel="first"')
    headers = {"Link": ", ".join(links)} if links else {}
    if key is None:
        return Reply(shown, headers=headers)
    return Reply({"total_count": len(items), key: shown}, headers=headers)

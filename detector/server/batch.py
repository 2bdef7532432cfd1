"""Many texts, scored side by side and answered in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from detector.server.bodies import Bad, Text

Item = Text | Bad


async def in_order(
    items: Iterable[Item], line_of: Callable[[Item], Awaitable[bytes]], window: int
) -> AsyncIterator[bytes]:
    """Yield ``line_of`` each item, in order, with at most ``window`` of them under way or waiting to be sent."""
    under_way: deque[asyncio.Future[bytes]] = deque()
    try:
        for item in items:
            if len(under_way) >= window:
                yield await under_way[0]
                under_way.popleft()
            under_way.append(asyncio.ensure_future(line_of(item)))
        while under_way:
            yield await under_way[0]
            under_way.popleft()
    finally:
        for future in under_way:  # the client has gone away
            future.cancel()

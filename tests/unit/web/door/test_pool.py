import asyncio
import threading

from gate.web.door.pool import CallPool


def test_calls_run_in_threads_and_give_their_results() -> None:
    """Each caller gets its own result, in whatever order the calls end."""

    async def main() -> list[int]:
        pool = CallPool[int](4, "test-pool")
        pool.start()
        results = await asyncio.gather(
            *(pool.run(lambda n: n * n, number) for number in range(500))
        )
        await asyncio.to_thread(pool.stop)
        return results

    assert asyncio.run(main()) == [number * number for number in range(500)]


def test_as_many_calls_run_at_once_as_there_are_threads() -> None:
    """Calls that wait for one another all get a thread, and the loop goes on meanwhile."""
    together = threading.Barrier(3, timeout=30)

    async def main() -> list[int]:
        pool = CallPool[int](3, "test-pool")
        pool.start()
        results = await asyncio.gather(*(pool.run(together.wait) for _ in range(3)))
        await asyncio.to_thread(pool.stop)
        return results

    assert sorted(asyncio.run(main())) == [0, 1, 2]


def test_stopping_waits_for_what_was_handed_in() -> None:
    """A call in flight ends, and so do those that wait for a thread; then the threads are gone."""
    release = threading.Event()
    ended: list[int] = []

    def call(number: int) -> int:
        assert release.wait(30)
        ended.append(number)
        return number

    async def main() -> list[int]:
        pool = CallPool[int](1, "test-pool-stopping")
        pool.start()
        calls = [asyncio.ensure_future(pool.run(call, number)) for number in range(3)]
        await asyncio.sleep(0)
        stopping = asyncio.ensure_future(asyncio.to_thread(pool.stop))
        release.set()
        await stopping
        return await asyncio.gather(*calls)

    assert asyncio.run(main()) == [0, 1, 2]
    assert ended == [0, 1, 2]
    assert not [t for t in threading.enumerate() if t.name.startswith("test-pool-stopping")]


def test_a_caller_that_gave_up_is_passed_over() -> None:
    """Its call ends all the same, and the others hear of theirs."""
    release = threading.Event()

    async def main() -> bool:
        pool = CallPool[bool](1, "test-pool")
        pool.start()
        given_up = asyncio.ensure_future(pool.run(release.wait, 30))
        await asyncio.sleep(0)
        given_up.cancel()
        release.set()
        result = await pool.run(lambda: True)
        await asyncio.to_thread(pool.stop)
        return result and given_up.cancelled()

    assert asyncio.run(main())

from pathlib import Path

from sandbox_image.agent.executor.values import Value
from sandbox_image.agent.flow.cache import Last, Result, ResultCache, StoredValue
from sandbox_image.agent.flow.cause import Cause, difference


def opened(folder: Path, limit: int = 1 << 30) -> ResultCache:
    cache = ResultCache(folder, limit)
    cache.load()
    return cache


async def store(cache: ResultCache, name: str, data: bytes) -> Result:
    value = Value(len(data), data=data, digest=f"d{name}")
    full = Cause(code=name)
    stored = [StoredValue("output", f"d{name}", len(data))]
    result = Result(key=full.key(), node_id=name, cause=full, created_at=1, run_id="r", duration_ms=1, values=stored)
    cache.add(result, {"output": value})
    cache.set_last(Last(node_id=name, succeeded=True, key=result.key, cause=full))
    await cache.save(result, {"output": value})
    await cache.save_last(name)
    return result


async def test_results_survive_a_restart(tmp_path: Path) -> None:
    await store(opened(tmp_path), "a", b"value")
    (tmp_path / "values" / "new-leftover").touch()
    again = opened(tmp_path)
    found = again.last_result("a")
    assert found is not None
    path = again.value(found.values[0]).path
    assert path is not None
    assert path.read_bytes() == b"value"
    assert again.has_any(Cause(code="a"))
    assert not (tmp_path / "values" / "new-leftover").exists()


async def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = opened(tmp_path, limit=10_000)
    first = await store(cache, "a", b"x" * 3000)
    second = await store(cache, "b", b"y" * 3000)
    assert cache.find(first.key) is not None
    third = await store(cache, "c", b"z" * 3000)
    assert [cache.find(result.key) is not None for result in (first, second, third)] == [True, False, True]
    assert sorted(path.name for path in (tmp_path / "values").iterdir()) == ["da", "dc"]
    assert not cache.has_any(Cause(code="b"))


async def test_a_value_that_somebody_deleted_is_a_miss(tmp_path: Path) -> None:
    await store(opened(tmp_path), "a", b"value")
    again = opened(tmp_path)
    (tmp_path / "values" / "da").unlink()
    assert again.last_result("a") is None
    damaged = opened(tmp_path)
    next((tmp_path / "nodes").iterdir()).write_text("{")
    assert damaged.last_result("a") is None
    assert opened(tmp_path).last("a") is None


async def test_clearing_forgets_all(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    result = await store(cache, "a", b"value")
    await cache.clear()
    assert cache.find(result.key) is None
    assert cache.last("a") is None
    assert opened(tmp_path).last_result("a") is None


def test_differences_are_told_by_name() -> None:
    then = Cause(code="1", settings={"a": "1"}, files={"f": "1"}, environment="1", inputs={"x": "1"})
    assert difference(then, then) == ""
    assert difference(then, Cause(code="2")) == "Its code was edited."
    for change, words in (
        ({"settings": {"a": "2", "b": "1"}}, "settings were changed: a, b"),
        ({"files": {"f": "2"}}, "f"),
        ({"environment": "2"}, "packages"),
        ({"inputs": {"x": "2"}}, "x"),
        ({"inputs": {}}, "connections"),
    ):
        fields = {"code": "1", "settings": {"a": "1"}, "files": {"f": "1"}, "environment": "1", "inputs": {"x": "1"}}
        assert words in difference(then, Cause(**{**fields, **change}))  # type: ignore[arg-type]

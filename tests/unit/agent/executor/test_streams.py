import asyncio
import os

from sandbox_image.agent.executor.streams import BoundedText, StreamReader


def test_head_and_tail_are_kept_with_a_note() -> None:
    text = BoundedText(limit=20)
    for piece in (b"0123456789", b"a" * 500, b"b" * 500, b"9876543210"):
        text.add(piece)
    assert text.text() == "0123456789\n… 1000 bytes left out …\n9876543210"
    short = BoundedText(limit=20)
    short.add("ä".encode() * 10)
    assert short.text() == "ä" * 10


async def test_characters_split_across_reads_and_the_rest_at_the_end() -> None:
    told: list[tuple[str, int]] = []
    first = asyncio.Event()

    def tell(text: str, offset: int) -> None:
        told.append((text, offset))
        first.set()

    source, sink = os.pipe()
    reader = StreamReader(source, tell)
    euro = "€".encode()
    os.write(sink, b"a" + euro[:1])
    async with asyncio.timeout(60):
        await first.wait()
    os.write(sink, euro[1:] + b"\xff" + euro[:2])
    reader.close()
    os.close(sink)
    assert "".join(text for text, _ in told) == "a€\ufffd\ufffd" == reader.text()
    assert told[0] == ("a", 0)
    assert told[1][1] == 1

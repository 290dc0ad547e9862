"""The web chat in numbers: `python benchmarks/web.py`. Needs Chromium and `pip install ".[test]"`.

Prints how much the first page brings and when it can be used, how long the first words of an answer take, how long a
click on a citation takes in transcripts of 3,000 and 20,000 turns, and what becomes of many people who ask at once.
The sample corpus, and two transcripts made here of its sentences.
"""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import uvicorn
from playwright.sync_api import Page, sync_playwright

from transcript_qa import TranscriptQA
from transcript_qa.web.server import create_app, listen

CORPUS = Path(__file__).parents[1] / "corpus"
QUESTION = "what loan was mentioned"
SIZES = (3_000, 20_000)
REPEATS = 5


def make_long(folder: Path) -> None:
    """Transcripts of many turns, each with one sentence near its end that nothing else holds."""
    words = (CORPUS / "state-visit-veldania.txt").read_text("utf-8").split()
    for size in SIZES:
        turns = [
            {"speaker": ("Ada Long", "Ben Short")[at % 2], "text": " ".join(words[at % 2000 : at % 2000 + 25])}
            for at in range(size)
        ]
        turns[size - 40]["text"] = f"The {size} zebras were counted on Friday."
        (folder / f"long-{size}.json").write_text(json.dumps({"title": f"Long {size}", "turns": turns}), "utf-8")


@contextmanager
def served(qa: TranscriptQA) -> Iterator[str]:
    """The address of the chat."""
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(qa), log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def ask(page: Page, question: str) -> float:
    """Seconds from Enter to the first words of the answer."""
    answers = page.locator("[data-testid=bot]")
    count = answers.count()
    page.locator("#question textarea").fill(question)
    start = time.perf_counter()
    page.keyboard.press("Enter")
    page.wait_for_function("n => document.querySelectorAll('[data-testid=bot]').length > n", arg=count, polling=10)
    seconds = time.perf_counter() - start
    page.locator("#question .submit-button").wait_for()
    page.wait_for_selector("#sources .tq-card")
    return seconds


def first_page(browser: Any, url: str) -> tuple[float, float]:
    """Megabytes brought by the first page, and seconds until the question can be typed."""
    page = browser.new_context().new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("#question textarea")
    seconds = time.perf_counter() - start
    page.wait_for_timeout(1500)
    page.context.close()
    return sum(sizes) / 1e6, seconds


def click(page: Page, transcript: str) -> float:
    """Seconds from the click on the last citation of a transcript to its turn shown and focused."""
    link = page.locator(f"#chat a[href^='/t/{transcript}?']").last
    start = time.perf_counter()
    link.click()
    page.wait_for_function("() => document.activeElement.matches('.tq-turn.cited')", polling=10)
    seconds = time.perf_counter() - start
    page.keyboard.press("Escape")
    page.locator("#viewer").wait_for(state="hidden")
    return seconds


async def crowd(url: str, number: int) -> tuple[Counter[str], float]:
    """What became of so many people who ask at once, each in a session of the chat, and seconds until the last."""
    limits = httpx.Limits(max_connections=2 * number)
    async with httpx.AsyncClient(base_url=url, timeout=300, limits=limits) as client:
        config = (await client.get("/config")).json()
        box = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "question")
        event = next(d for d in config["dependencies"] if [box, "submit"] in [list(target) for target in d["targets"]])

        async def person(name: str) -> str:
            body = {
                "data": [QUESTION, [], None, [], [], "/"], "fn_index": event["id"], "session_hash": name,
                "trigger_id": box,
            }  # fmt: skip
            joined = await client.post("/gradio_api/queue/join", json=body)
            if joined.status_code != 200:
                return f"busy ({joined.status_code})" if joined.status_code == 503 else f"failed ({joined.status_code})"
            async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": name}) as stream:
                async for line in stream.aiter_lines():
                    if '"process_completed"' in line:
                        return "answered" if '"success":true' in line.replace(" ", "") else "failed"
            return "cut off"

        start = time.perf_counter()
        said = Counter(await asyncio.gather(*(person(f"{number}-{at}") for at in range(number))))
        return said, time.perf_counter() - start


def main() -> None:
    """Print every number."""
    folder = Path(tempfile.mkdtemp())
    make_long(folder)
    rows: list[tuple[str, str, str]] = []
    with TranscriptQA.build([CORPUS, folder], index=folder / "index") as qa, served(qa) as url:
        qa.warm_up()
        with sync_playwright() as started:
            path = shutil.which("chromium")
            browser = started.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            pages = [first_page(browser, url) for _ in range(REPEATS)]
            rows.append(("first page, MB", f"{max(size for size, _ in pages):.2f}", "0.6"))
            rows.append(("first page usable, s", f"{median(seconds for _, seconds in pages):.2f}", "2"))
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(url)
            page.wait_for_selector("#question textarea")
            ask(page, QUESTION)
            first = median(ask(page, QUESTION) for _ in range(REPEATS))
            rows.append(("question to first words, ms", f"{1000 * first:.0f}", "500"))
            for size, wanted in zip(SIZES, ("200", "1500"), strict=True):
                ask(page, f"How many zebras were counted in the {size}")
                click(page, f"long-{size}")
                seconds = median(click(page, f"long-{size}") for _ in range(REPEATS))
                rows.append((f"click to turn, {size:,} turns, ms", f"{1000 * seconds:.0f}", wanted))
            browser.close()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for number in (50, 120):
            said, seconds = asyncio.run(crowd(url, number))
            outcome = ", ".join(f"{count} {what}" for what, count in sorted(said.items()))
            rows.append((f"{number} ask at once", f"{outcome}; {seconds:.1f} s", "all answered, or busy at once"))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows.append(("memory before and after the crowds, MB", f"{before:.0f}, {after:.0f}", "bounded"))
    shutil.rmtree(folder)
    print("| what | seen | wanted |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()

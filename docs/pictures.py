"""Take the pictures of the chat that lie in this folder, over the sample corpus, at two widths, light and dark.

    python docs/pictures.py [--output docs]

It needs what `pip install -e ".[test]"` brings, and a Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

from transcript_qa import TranscriptQA
from transcript_qa.web.server import create_app, listen

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from browsing import CHROMIUM, ask  # noqa: E402 - how the tests drive the chat

SIZES = {1440: 900, 390: 844}
_NUMBERS = count(11)
NEW = """Quay repairs, site meeting
4 February 2025

Orla Brandt: The new bollards arrive on the twelfth, and the crane is ours until the end of that week.

Piet Lauwers: Then the diver has four days for the footings. That is enough if the water stays clear.
"""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of the chat over a copy of the sample corpus."""
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    TranscriptQA.build(folder / "corpus", index=folder / "index").close()
    with TranscriptQA.open(folder / "index", writable=True) as qa, listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(qa, uploads=folder / "index" / "uploads"), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


def start(page: Any) -> None:
    """The first page."""


def answer(page: Any) -> None:
    """An answer and its source."""
    ask(page, "what loan was mentioned")


def citation(page: Any) -> None:
    """A citation that was clicked on."""
    ask(page, "what loan was mentioned").locator("a[href^='/t/']").first.click()
    page.wait_for_selector("#viewer .tq-turn.cited mark")


def follow_up(page: Any) -> None:
    """A question that names a speaker, and one that only makes sense after it."""
    ask(page, "what did Halvey say about the loan")
    ask(page, "and the railway?")


def not_said(page: Any) -> None:
    """What the transcripts don't say."""
    ask(page, "how much will the new Bravik bridge cost")


def plot(page: Any) -> None:
    """How often something was mentioned."""
    ask(page, "how often was the harbour mentioned")


def upload(page: Any) -> None:
    """A file that was added."""
    if page.viewport_size["width"] < 800:
        page.locator(".sidebar .toggle-button, button.toggle-button").first.click()
        page.wait_for_timeout(500)
    # A file that is there already is not read again.
    number = next(_NUMBERS)
    file = Path(tempfile.mkdtemp()) / f"quay-repairs-{number}.txt"
    file.write_text(NEW.replace("twelfth", f"{number}th"), "utf-8")
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Add transcripts").click()
    chosen.value.set_files([str(file)])
    page.wait_for_selector("#status .tq-status.good")
    page.wait_for_timeout(500)


def library(page: Any) -> None:
    """The library."""
    page.goto(page.url.rstrip("/") + "/library")
    page.wait_for_selector("main")


VIEWS: dict[str, Callable[[Any], None]] = {
    "start": start, "answer": answer, "citation": citation, "follow-up": follow_up, "not-said": not_said,
    "plot": plot, "library": library, "upload": upload,
}  # fmt: skip


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "docs")
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=list(VIEWS))
    options = parser.parse_args()
    if CHROMIUM is None:
        raise SystemExit("No Chromium was found. Install one, or name it in the environment variable CHROMIUM.")
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in options.views:
            for width, height in SIZES.items():
                for colours in ("light", "dark"):
                    context = browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=colours, reduced_motion="reduce"
                    )
                    page = context.new_page()
                    page.goto(address)
                    page.wait_for_selector("#question textarea")
                    page.wait_for_timeout(800)
                    VIEWS[name](page)
                    taken = (
                        Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
                    )
                    taken.save(options.output / f"{name}-{width}-{colours}.png", optimize=True)
                    context.close()
        browser.close()


if __name__ == "__main__":
    main()

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import ROOT
from transcript_qa.text import normalise

README = (ROOT / "README.md").read_text("utf-8")


def test_the_first_command_and_a_real_answer_come_early() -> None:
    lines = README.splitlines()
    assert any("python app.py" in line for line in lines[:15])
    assert any("“The Tessaline Development Bank" in line for line in lines[:30])


def test_python_blocks_run_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpus").symlink_to(ROOT / "corpus", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    printed = normalise(capsys.readouterr().out).text
    assert "240 million crowns" in printed
    assert "wrong speaker" in printed

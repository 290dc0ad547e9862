"""The wire format against a server program that others wrote, with a tiny model of random weights.

It takes a minute and more, so it runs only where TRANSCRIPT_QA_REAL_SERVER is set:
`pip install accelerate && TRANSCRIPT_QA_REAL_SERVER=1 pytest tests/test_generate_real.py`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from transcript_qa.errors import GeneratorError
from transcript_qa.wording.generate import Message, ServerGenerator

if not os.environ.get("TRANSCRIPT_QA_REAL_SERVER"):
    pytest.skip("TRANSCRIPT_QA_REAL_SERVER is not set", allow_module_level=True)
for needed in ("openai", "transformers", "accelerate", "uvicorn"):
    pytest.importorskip(needed, reason=f"{needed} is not installed")

ASKED = [Message("system", "Be brief."), Message("user", "What loan was mentioned?")]
SERVE = "from transformers.cli.transformers import main; main()"


def make_model(folder: Path) -> None:
    """A Llama of one layer that knows bytes, and a template for its chat."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    signs = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={sign: id_ for id_, sign in enumerate(signs)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    fast.chat_template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=len(signs), num_key_value_heads=2, bos_token_id=0, eos_token_id=1, **size)
    LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerGenerator]:
    folder = tmp_path_factory.mktemp("tiny")
    make_model(folder / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = folder / "told"
    with told.open("w") as out:
        program = subprocess.Popen(
            [sys.executable, "-c", SERVE, "serve", str(folder / "model"), "--port", str(port), "--device", "cpu"],
            env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=out, stderr=out,
        )  # fmt: skip
        try:
            generator = ServerGenerator(f"http://127.0.0.1:{port}", model=str(folder / "model"), deadline_s=300)
            wait_for(generator, program, told)
            yield generator
        finally:
            program.terminate()
            program.wait(30)


def wait_for(generator: ServerGenerator, program: subprocess.Popen[bytes], told: Path) -> None:
    for _ in range(300):
        assert program.poll() is None, told.read_text("utf-8")[-2000:]
        try:
            generator.models()
        except GeneratorError:
            with pytest.raises(subprocess.TimeoutExpired):
                program.wait(1)
        else:
            return
    pytest.fail(told.read_text("utf-8")[-2000:])


def test_a_reply_comes_in_pieces(server: ServerGenerator) -> None:
    pieces = list(server.stream(ASKED, max_tokens=24))
    assert len(pieces) > 1
    assert all(pieces)


def test_a_stream_can_be_let_go_and_another_be_asked_for(server: ServerGenerator) -> None:
    pieces = server.stream(ASKED, max_tokens=200)
    assert next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert list(server.stream(ASKED, max_tokens=8))

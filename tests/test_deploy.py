"""The files of deploy/: they parse, and what they say to transcript-qa is what it takes."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import typer
import yaml

from conftest import ROOT
from transcript_qa.cli import app
from transcript_qa.sharding import parse_shard
from transcript_qa.store.milvus_address import TOKEN_FILE_VARIABLE, parse_address

DEPLOY = ROOT / "deploy"


def read(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text("utf-8")))


def taken(arguments: list[str]) -> dict[str, Any]:
    """The options as the command line takes them; raises where it knows one of them not."""
    group = typer.main.get_command(app)
    command = group.commands[arguments[0]]  # type: ignore[attr-defined]
    return dict(command.make_context(arguments[0], list(arguments[1:]), resilient_parsing=False).params)


def test_compose_starts_two_chats_that_share_one_archive() -> None:
    (compose,) = read("compose.yaml")
    services = compose["services"]
    assert {"etcd", "minio", "milvus", "chat-1", "chat-2", "proxy", "index"} == services.keys()
    for name in ("chat-1", "chat-2"):
        environment = services[name]["environment"]
        address = parse_address(environment["TRANSCRIPT_QA_INDEX"])
        assert address.host in services
        assert environment[TOKEN_FILE_VARIABLE] == "/run/secrets/milvus-token"
        assert {"milvus-token", "password"} == set(services[name]["secrets"]) <= compose["secrets"].keys()
        options = taken(services[name]["command"])
        assert options["read_only"]
        assert str(options["password_file"]) == "/run/secrets/password"
    assert services["proxy"]["ports"] == ["127.0.0.1:8080:80"]
    proxied = re.findall(r"server (chat-\d):(\d+)", (DEPLOY / "proxy.conf").read_text("utf-8"))
    assert proxied == [("chat-1", "7860"), ("chat-2", "7860")]
    used = {volume.split(":")[0] for s in services.values() for volume in s.get("volumes", ())}
    assert {volume for volume in used if not volume.startswith(".")} == compose["volumes"].keys()


def test_kubernetes_gives_every_worker_another_share() -> None:
    by_kind = {document["kind"]: document for document in read("kubernetes.yaml")}
    settings = by_kind["ConfigMap"]["data"]
    assert parse_address(settings["TRANSCRIPT_QA_INDEX"]).shards == 8
    (chat,) = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert taken(chat["args"])["port"] == 7860
    job = by_kind["Job"]["spec"]
    (worker,) = job["template"]["spec"]["containers"]
    shell, flag, script = worker["command"]
    shares = set()
    for number in range(job["completions"]):
        command = f'transcript-qa() {{ echo "$@"; }}; {script.removeprefix("exec ")}'
        environment = {"JOB_COMPLETION_INDEX": str(number), "PATH": "/usr/bin:/bin"}
        # The name of a function has no dash in every shell.
        command = command.replace("transcript-qa", "transcript_qa")
        printed = subprocess.run([shell, flag, command], env=environment, capture_output=True, text=True, check=True)
        arguments = printed.stdout.split()
        assert taken(arguments)["shard"] == arguments[-1]
        shares.add(parse_shard(arguments[-1]))
    assert len(shares) == job["completions"]
    assert {share.of for share in shares} == {job["completions"]}
    secret = by_kind["Deployment"]["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"]
    assert settings[TOKEN_FILE_VARIABLE].startswith("/secrets/")
    assert secret == "transcript-qa"


def test_values_of_the_engine_parse_twice() -> None:
    (values,) = read("milvus-values.yaml")
    inner = yaml.safe_load(values["extraConfigFiles"]["user.yaml"])
    assert inner["common"]["security"]["authorizationEnabled"] is True
    assert inner["quotaAndLimits"]["limitWriting"]["memProtection"]["enabled"] is True


def test_the_image_is_made_of_what_there_is() -> None:
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    assert copied
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("name", ["compose.yaml", "kubernetes.yaml", "README.md", "proxy.conf"])
def test_no_secret_and_no_option_of_the_past(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    for address in re.findall(r"milvus(?:\+tls)?://[a-z][\w.-]+(?::\d+)?/\w+(?:\?[\w=&]+)?", text):
        parse_address(address)
    assert "version: '3" not in text

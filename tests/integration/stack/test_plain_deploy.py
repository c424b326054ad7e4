"""`sam deploy` without arguments, which must not reach staging or production."""

import os
import subprocess
from typing import Any

import pytest

from local.stack.settings import TOOLS
from operations import stack_file
from operations.release import samconfig
from tests.support.local_stack import ROOT

pytestmark = pytest.mark.integration

# By `resolve_s3`, sam keeps code in a bucket of this stack of its own.
SAM_STACK = "aws-sam-cli-managed-default"


def stack_name(stage: str) -> str:
    config = samconfig()
    return str(config[stage]["global"]["parameters"]["stack_name"])


def test_plain_deploy_reaches_only_the_local_stack(stack: dict[str, Any]) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": stack["aws_endpoint"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
    }
    # The change set shows what would be deployed. The code is not built, so it is not executed.
    deploy = subprocess.run(
        ["sam", "deploy", "--no-execute-changeset", "--template-file", "template.yaml"],
        cwd=ROOT,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        check=False,
    )
    assert deploy.returncode == 0, deploy.stdout
    client = stack_file.client(stack, "cloudformation")
    stacks = {summary["StackName"] for summary in client.list_stacks()["StackSummaries"]}
    assert stacks == {stack_name("default"), SAM_STACK}
    assert client.list_change_sets(StackName=stack_name("default"))["Summaries"]

"""Builds and deploys template.yaml to the emulator; gives the stack its key, token and first readings."""

import json
import os
import time
import tomllib
from typing import Any
from urllib.parse import urlsplit

import boto3
import requests
from botocore.config import Config

from local.stack.logs import error_with_log
from local.stack.processes import run_logged, wait_until
from local.stack.progress import Progress
from local.stack.settings import TOOLS, Settings
from operations.errors import OperatorError
from operations.stack_file import ROOT
from operations.token_lifecycle import tokens_of
from vitals.model.records.tokens import EVERY_SITE, SCOPES

_CONFIG_ENV = "default"
_BUILD_SECONDS = 600
_DEPLOY_SECONDS = 300
# A site of 4,583 points takes several invokes of 180 s each for its first 24 hours.
_SYNC_SECONDS = 1800
_SYNC_INVOKES = 20
_SYNC_FAILURES = 5
_HEALTH_SECONDS = 60
# An invoke answers when the function does, and EtlFunction may take 300 s.
_CLIENT = Config(connect_timeout=3, read_timeout=310, retries={"total_max_attempts": 1})


class Deployment:
    """One deployment of the stack to the emulator of `settings`."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._config = tomllib.loads((ROOT / "samconfig.toml").read_text())[_CONFIG_ENV]
        self.region: str = self._config["global"]["parameters"]["region"]

    def client(self, service: Any) -> Any:
        """A client of the emulator, whatever AWS settings this shell has."""
        return boto3.client(
            service,
            endpoint_url=self._settings.endpoint,
            region_name=self.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=_CLIENT,
        )

    def deploy(self) -> dict[str, str]:
        """Builds, deploys, and returns the outputs, with the API's local URL as ApiUrl."""
        parameters = self._config["deploy"]["parameters"]
        self.client("s3").create_bucket(Bucket=parameters["s3_bucket"])
        build = self._settings.home / "build"
        config = ["--config-env", _CONFIG_ENV, "--config-file", str(ROOT / "samconfig.toml")]
        self._sam(["build", *config, "--build-dir", str(build)], _BUILD_SECONDS)
        overrides = parameters["parameter_overrides"].split() + self._overrides()
        template = ["--template-file", str(build / "template.yaml"), "--no-progressbar"]
        self._sam(["deploy", *config, *template, "--parameter-overrides", *overrides], _DEPLOY_SECONDS)
        return self._outputs()

    def _overrides(self) -> list[str]:
        given = {"Sites": ",".join(self._settings.sites), "AceApiUrl": self._settings.ace_api_url}
        given["HotDays"] = self._settings.hot_days
        given["InitialLookbackHours"] = self._settings.lookback_hours
        if self._settings.origins:
            # sam takes no empty value; the parameter's default is one.
            given["AllowedOrigins"] = self._settings.origins
        if self._settings.simulator:
            # The simulator is on this machine: no need to spare it.
            given["AceRequestsPerMinute"] = "60000"
        return [f"{name}={value}" for name, value in given.items()]

    def _sam(self, arguments: list[str], seconds: int) -> None:
        self._progress.say(f"sam {arguments[0]}")
        log = self._settings.logs / f"sam-{arguments[0]}.log"
        # What reaches real AWS stays out; the rest stays, for pip may need it to build the layer.
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
            "PATH": f"{TOOLS}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": self._settings.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "1",
        }
        run_logged(
            [str(TOOLS / "sam"), *arguments],
            environ,
            log,
            seconds,
            lambda: self._progress.say(f"  still in sam {arguments[0]} (log: {log})"),
        )

    def _outputs(self) -> dict[str, str]:
        name = self._config["global"]["parameters"]["stack_name"]
        stack = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        # The host form, {api id}.execute-api.localhost, does not resolve everywhere; the path form does.
        url = urlsplit(outputs["ApiUrl"])
        api_id = url.netloc.split(".")[0]
        return outputs | {"ApiUrl": f"{self._settings.endpoint}/_aws/execute-api/{api_id}{url.path}"}

    def set_ace_key(self, outputs: dict[str, str]) -> None:
        """Puts the upstream's key where the sync reads it."""
        self._progress.say("ACE key")
        self.client("secretsmanager").put_secret_value(
            SecretId=outputs["AceApiKeySecret"], SecretString=self._settings.ace_api_key
        )

    def create_token(self, outputs: dict[str, str]) -> str:
        """A new bearer token with every scope on every site."""
        self._progress.say("bearer token")
        return tokens_of(self.client, outputs).create("local", SCOPES, [EVERY_SITE], None)

    def sync_first(self, outputs: dict[str, str], site: str) -> None:
        """Invokes the sync of a site until it has caught up with now."""
        self._progress.say(f"first sync of {site}")
        end = time.monotonic() + _SYNC_SECONDS
        failures = 0
        for _ in range(_SYNC_INVOKES):
            if failures == _SYNC_FAILURES or time.monotonic() > end:
                break
            answer = self._progress.during(f"the first sync of {site}", lambda: self._invoke(outputs, site))
            receipt = json.load(answer["Payload"])
            if "FunctionError" in answer:
                failures += 1
                self._progress.say(f"  {receipt['errorMessage']} (failure {failures} of {_SYNC_FAILURES})")
                continue
            self._progress.say(f"  {receipt['written']} samples up to {receipt['checkpoint']}")
            if receipt["caught_up"]:
                return
        raise error_with_log(
            f"the first sync of {site} did not catch up", self._settings.logs / "emulator.log"
        )

    def _invoke(self, outputs: dict[str, str], site: str) -> Any:
        event = json.dumps({"site": site}).encode()
        return self.client("lambda").invoke(FunctionName=outputs["EtlFunction"], Payload=event)

    def wait_for_health(self, url: str) -> None:
        """Waits until the API says that it works."""
        self._progress.say("API health")
        said = "nothing"

        def healthy() -> bool:
            nonlocal said
            try:
                answer = requests.get(f"{url}/health", timeout=30)
            except requests.RequestException as error:
                said = str(error)
                return False
            said = f"{answer.status_code} {answer.text[:200]}"
            return answer.ok

        if not wait_until(healthy, _HEALTH_SECONDS, interval=1):
            raise OperatorError(
                f"{url}/health does not answer with 200 within {_HEALTH_SECONDS} s but with: {said}"
            )

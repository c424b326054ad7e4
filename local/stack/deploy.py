"""Builds and deploys template.yaml to the emulator, and makes the deployed stack ready to use."""

import json
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from local.stack.logs import error_with_log
from local.stack.processes import run_logged, wait_until
from local.stack.progress import Progress
from local.stack.settings import TOOLS, Settings
from operations import stack_file
from operations.errors import OperatorError
from operations.release import samconfig, stamp
from operations.stack_file import ROOT
from operations.token_lifecycle import tokens_of
from vitals.model.records.tokens import EVERY_SITE, SCOPES

_CONFIG_ENV = "default"
_BUILD_SECONDS = 600
_DEPLOY_SECONDS = 300
# The first 24 hours of a site with 4,583 points take several invokes of 180 s each.
_SYNC_SECONDS = 1800
_MAX_SYNCS = 20
_MAX_SYNC_FAILURES = 5
_HEALTH_SECONDS = 60


class Deployment:
    """A deployment of the stack to the emulator of `settings`.

    It has the name and the parameters of samconfig.toml, unless others are passed.
    """

    def __init__(
        self,
        settings: Settings,
        progress: Progress,
        *,
        name: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._config = samconfig()[_CONFIG_ENV]
        self._name: str = name or self._config["global"]["parameters"]["stack_name"]
        self._parameters = parameters or {}
        self.region: str = self._config["global"]["parameters"]["region"]

    def client(self, service: str) -> Any:
        """Returns a client of the emulator, without retries."""
        stack = {"aws_endpoint": self._settings.endpoint, "region": self.region}
        return stack_file.client(stack, service, attempts=1)

    def deploy(self) -> dict[str, str]:
        """Builds and deploys; returns the outputs, with the API's local URL as ApiUrl."""
        parameters = self._config["deploy"]["parameters"]
        build = self._settings.home / "build"
        config = ["--config-env", _CONFIG_ENV, "--config-file", str(ROOT / "samconfig.toml")]
        self._sam(["build", *config, "--build-dir", str(build)], _BUILD_SECONDS)
        overrides = parameters["parameter_overrides"].split() + self._overrides()
        stamp(build / "template.yaml", overrides)
        template = ["--template-file", str(build / "template.yaml"), "--no-progressbar"]
        deploy = ["deploy", *config, "--stack-name", self._name, *template]
        self._sam([*deploy, "--parameter-overrides", *overrides], _DEPLOY_SECONDS)
        return self._outputs()

    def _overrides(self) -> list[str]:
        """Returns the template's parameters that the settings determine, and those that were passed."""
        parameters = {
            "Sites": ",".join(self._settings.sites),
            "AceApiUrl": self._settings.ace_api_url,
            "HotDays": self._settings.hot_days,
            "InitialLookbackHours": self._settings.lookback_hours,
        }
        if self._settings.origins:
            # sam rejects an empty value; the parameter's default is empty.
            parameters["AllowedOrigins"] = self._settings.origins
        if self._settings.simulator:
            # The simulator runs on this machine and needs no rate limit.
            parameters["AceRequestsPerMinute"] = "60000"
        return [f"{name}={value}" for name, value in (parameters | dict(self._parameters)).items()]

    def _sam(self, arguments: list[str], seconds: int) -> None:
        command = f"sam {arguments[0]}"
        self._progress.say(command)
        log = self._settings.logs / f"sam-{arguments[0]}.log"
        # Without AWS_ variables nothing reaches AWS. The others stay: pip may need them to build the layer.
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
            on_wait=lambda: self._progress.say(f"  still running: {command} (log: {log})"),
        )

    def _outputs(self) -> dict[str, str]:
        stack = self.client("cloudformation").describe_stacks(StackName=self._name)["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        # {API id}.execute-api.localhost does not resolve everywhere; a path does.
        url = urlsplit(outputs["ApiUrl"])
        api_id = url.netloc.split(".")[0]
        return outputs | {"ApiUrl": f"{self._settings.endpoint}/_aws/execute-api/{api_id}{url.path}"}

    def set_ace_key(self, outputs: dict[str, str]) -> None:
        """Stores the upstream's key in the secret that the sync reads."""
        self._progress.say("store the upstream's key")
        self.client("secretsmanager").put_secret_value(
            SecretId=outputs["AceApiKeySecret"], SecretString=self._settings.ace_api_key
        )

    def create_token(self, outputs: dict[str, str]) -> str:
        """Returns a new bearer token with every scope on every site."""
        self._progress.say("create a bearer token")
        return tokens_of(self.client, outputs).create("local", SCOPES, [EVERY_SITE], None)

    def sync_first(self, outputs: dict[str, str], site: str) -> None:
        """Invokes the sync of a site until it has caught up with now."""
        step = f"first sync of {site}"
        self._progress.say(step)
        end = time.monotonic() + _SYNC_SECONDS
        failures = 0
        for _ in range(_MAX_SYNCS):
            if failures == _MAX_SYNC_FAILURES or time.monotonic() > end:
                break
            response = self._progress.during(step, lambda: self._invoke(outputs, site))
            receipt = json.load(response["Payload"])
            if "FunctionError" in response:
                failures += 1
                count = f"(failure {failures} of {_MAX_SYNC_FAILURES})"
                self._progress.say(f"  {receipt['errorMessage']} {count}")
                continue
            self._progress.say(f"  {receipt['written']} samples up to {receipt['checkpoint']}")
            if receipt["caught_up"]:
                return
        raise error_with_log(f"the {step} did not catch up", self._settings.logs / "emulator.log")

    def _invoke(self, outputs: dict[str, str], site: str) -> Any:
        event = json.dumps({"site": site}).encode()
        return self.client("lambda").invoke(FunctionName=outputs["EtlFunction"], Payload=event)

    def wait_for_health(self, url: str) -> None:
        """Waits until the API's /health answers 200."""
        self._progress.say("wait for the API")
        answers = ["no answer"]

        def is_healthy() -> bool:
            try:
                response = requests.get(f"{url}/health", timeout=30)
            except requests.RequestException as error:
                answers.append(str(error))
                return False
            answers.append(f"{response.status_code} {response.text[:200]}")
            return response.ok

        if not wait_until(is_healthy, _HEALTH_SECONDS, interval=1):
            raise OperatorError(
                f"{url}/health did not answer 200 within {_HEALTH_SECONDS} s; last answer: {answers[-1]}"
            )

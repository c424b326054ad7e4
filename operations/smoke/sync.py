"""The check of the ACE key by one sync of a site."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from operations.smoke.checks import ProblemError
from operations.smoke.target import Target, invoke
from vitals.model.key_group import secret_name
from vitals.model.records.sites import key_group_of
from vitals.store.state.sites import SiteTable


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync of one site, by EtlFunction."""

    target: Target
    site: str

    def run(self) -> str:
        """Syncs the site, and tells a wrong key from an unknown site and from an ACE that does not answer."""
        try:
            answer, is_error = invoke(self.target, "EtlFunction", {"site": self.site})
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "TooManyRequestsException":
                raise ProblemError(
                    "Lambda has no concurrent execution left. Request more of them (docs/deploy.md)"
                ) from None
            raise
        if is_error:
            raise ProblemError(sync_problem(answer, self.site, self._secret(), self.target.option))
        return sync_text(answer)

    def _secret(self) -> str:
        """Returns the name of the secret with the site's key."""
        outputs, client = self.target.outputs, self.target.client
        record = SiteTable(client("dynamodb"), outputs["StateTable"]).load(self.site)
        function = client("lambda").get_function_configuration(FunctionName=outputs["EtlFunction"])
        return secret_name(function["Environment"]["Variables"]["ACE_SECRET_NAME"], key_group_of(record))


def sync_text(receipt: Mapping[str, Any]) -> str:
    """Returns what a sync did."""
    state = "caught up at" if receipt["caught_up"] else "the next syncs continue at"
    written = f"{receipt['written']} samples of {receipt['site']} written"
    return f"ACE accepts the key; {written}, {state} {receipt['checkpoint']}"


def sync_problem(error: Mapping[str, Any], site: str, secret: str, option: str) -> str:
    """Returns what to do about the error of a sync; `option` selects the stack in another command."""
    kind, text = str(error.get("errorType", "")), str(error.get("errorMessage", error))
    status = re.search(r"answered (\d{3})", text)
    match kind, status and status[1]:
        case "UpstreamRefusedError", "401" | "403":
            return (
                f"ACE refuses the key ({text}). Set it, and run the command again after five minutes: "
                f"aws secretsmanager put-secret-value --secret-id {secret} --secret-string file:///dev/stdin"
            )
        case "UpstreamRefusedError", "404":
            return f"ACE has no site {site!r} for this key ({text}). Check the name and the sites of the key"
        case "CircuitOpenError" | "UpstreamUnavailableError" | "UpstreamCursorError", _:
            return f"ACE does not answer as it should ({text}). Run the command again when it does"
        case "NotFoundError", _:
            return f"{text}. Enable the site: vitals site add {site}{option}"
        case _:
            return f"EtlFunction failed ({kind}: {text}). Read its log"

"""The secrets with the keys of ACE, one for each key group of a stack."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from operations.errors import OperatorError
from vitals.ace.connection import SECRET_REMEDIES
from vitals.model.key_group import secret_name


@dataclass(frozen=True, slots=True)
class KeySecrets:
    """The secrets of a stack; `default` is the name of that of the default group."""

    client: Any
    default: str

    def key(self, key_group: str) -> str:
        """Returns the key of a group; OperatorError when it cannot be read."""
        secret = secret_name(self.default, key_group)
        try:
            return str(self.client.get_secret_value(SecretId=secret)["SecretString"]).strip()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise OperatorError(f"the secret {secret} with the key of ACE cannot be read ({code})") from error

    def problem(self, key_group: str) -> str:
        """Returns why functions cannot read the key of a group, and the remedy; "" when they can."""
        secret = secret_name(self.default, key_group)
        try:
            described = self.client.describe_secret(SecretId=secret)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in SECRET_REMEDIES:
                return f"the secret {secret} could not be checked ({code})"
            return f"there is no secret {secret}, so syncs fail; {SECRET_REMEDIES[code].format(secret)}"
        if "DeletedDate" in described:
            remedy = SECRET_REMEDIES["InvalidRequestException"].format(secret)
            return f"the secret {secret} will be deleted, so syncs fail; {remedy}"
        return ""

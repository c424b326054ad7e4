"""Deletes the API keys of a stack's tokens when CloudFormation deletes the stack.

`vitals token create` makes a key for each token, of which CloudFormation knows nothing.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from cleanup.report import report
from cleanup.token_keys import delete_token_keys
from vitals import observability
from vitals.aws.runtime import SYSTEM

logger = observability.logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Handles one event of a CloudFormation custom resource, and reports the result to CloudFormation."""
    failure = ""
    if event["RequestType"] == "Delete":
        try:
            plan = event["ResourceProperties"]["UsagePlanId"]
            deleted = delete_token_keys(SYSTEM.client("apigateway"), plan)
            logger.info("API keys deleted", count=deleted)
        except Exception as error:
            logger.exception("API keys not deleted", reason=str(error))
            failure = "the API keys of tokens could not be deleted; the log of this function has the reason"
    # Without a report CloudFormation waits for an hour.
    report(event, failure)

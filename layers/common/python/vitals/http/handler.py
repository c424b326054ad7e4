"""A Lambda function behind API Gateway: its routes, its errors and what Lambda calls."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitals import config, observability
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.http.edge import serve
from vitals.http.errors import handle_errors
from vitals.http.strict import refuse_unknown


class ApiFunction:
    """The routes of some routers, and the handler that answers requests of API Gateway's proxy integration.

    `connect` makes what the routes work with, once per process, when the first route calls it; they find it
    in their router's context. Routes without data, such as pages, need no client of AWS.
    """

    def __init__(
        self,
        routers: APIGatewayRouter | Sequence[APIGatewayRouter],
        connect: Callable[[Runtime], Any],
        runtime: Runtime = SYSTEM,
    ) -> None:
        self.deadline = runtime.deadline
        self.connect: Callable[[], Any] = cache(partial(connect, runtime))
        self.origins: Callable[[], tuple[str, ...]] = cache(_allowed_origins)
        self.resolver = APIGatewayRestResolver(enable_validation=True)
        logger = observability.logger()
        handle_errors(self.resolver, logger)
        refuse_unknown(self.resolver)
        for router in [routers] if isinstance(routers, APIGatewayRouter) else routers:
            self.resolver.include_router(router)

        # The name of this function is that of its traces.
        @logger.inject_lambda_context(clear_state=True)
        @observability.traced
        def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
            return self._answer(event, context)

        self.handler = handler
        """The entry point of the Lambda function."""

    def _answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        self.resolver.append_context(connect=self.connect)
        return serve(self.resolver, event, context, origins=self.origins(), deadline=self.deadline)


def _allowed_origins() -> tuple[str, ...]:
    return config.load(config.HttpSettings).allowed_origins

"""Payment: asks the card network to authorise an amount; the network's pace and moods are simulated."""

import math
import random
import secrets
import time
from decimal import Decimal, InvalidOperation

from demo.shop.service import Refusal, Reply, Request, Service


class Payment:
    """Authorises card payments."""

    def __init__(self, service: Service) -> None:
        self._log = service.telemetry.log
        self._busy: float = service.config["busy_ratio"]
        self._declined: float = service.config["declined_ratio"]
        self._seconds: float = service.config["network_seconds"]
        self._spread: float = service.config["network_spread"]
        self._random = random.Random()  # noqa: S311 - weather of a simulated network, not a secret

    def authorise(self, request: Request) -> Reply:
        """Authorises one amount."""
        amount = self._amount(request.body.get("amount"))
        time.sleep(self._random.lognormvariate(math.log(self._seconds), self._spread))
        mood = self._random.random()
        if mood < self._busy:
            self._log("warn", "card network is busy")
            raise Refusal(503, "card network is busy")
        if mood < self._busy + self._declined:
            self._log("info", f"card declined for {amount} EUR")
            raise Refusal(402, "card declined")
        authorisation = secrets.token_hex(4)
        self._log("info", f"authorised {amount} EUR as {authorisation}")
        return Reply(body={"authorisation": authorisation})

    @staticmethod
    def _amount(text: object) -> Decimal:
        try:
            amount = Decimal(str(text))
        except InvalidOperation as error:
            raise Refusal(422, f"not an amount: {text}") from error
        if amount <= 0:
            raise Refusal(422, f"not an amount to pay: {amount}")
        return amount


def main() -> None:
    """Starts the payment service."""
    service = Service.here(__file__)
    service.route("POST", "/authorise", Payment(service).authorise)
    service.serve()


if __name__ == "__main__":
    main()

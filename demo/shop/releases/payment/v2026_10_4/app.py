"""Payment: has amounts authorised by the card network."""

import secrets
from decimal import Decimal, InvalidOperation

from demo.shop.client import UpstreamError
from demo.shop.service import Refusal, Reply, Request, Service

#: Amounts up to this are not looked at by the risk rules, in EUR.
HARMLESS = 40
RISK_RULES = {"AT": 3, "CH": 3, "DE": 2, "FR": 3}


class Payment:
    """Authorises card payments."""

    def __init__(self, service: Service) -> None:
        self._client = service.client
        self._flags = service.flags
        self._log = service.telemetry.log
        self._timeout: float = service.config["network_timeout"]

    def authorise(self, request: Request) -> Reply:
        """Authorises one amount."""
        amount = self._amount(request.body.get("amount"))
        if self._flags.on("strict_risk_rules") and amount > HARMLESS:
            self._check_risk(request.body.get("country"))
        if self._flags.on("payment_fallback"):
            authorisation = f"later-{secrets.token_hex(4)}"
            self._log("info", f"accepted {amount} EUR as {authorisation}, to be authorised later")
        else:
            authorisation = self._ask_network(amount)
            self._log("info", f"authorised {amount} EUR as {authorisation}")
        return Reply(body={"authorisation": authorisation})

    def _ask_network(self, amount: Decimal) -> str:
        try:
            answer = self._client.post(
                "card-network", "/authorisations", {"amount": str(amount)}, timeout=self._timeout
            )
        except UpstreamError as error:
            if error.status == 402:
                self._log("info", f"card declined for {amount} EUR")
                raise Refusal(402, "card declined") from error
            if error.status == 429:
                self._log("warn", "card network is busy")
                raise Refusal(503, "card network is busy") from error
            raise
        return str(answer["authorisation"])

    @staticmethod
    def _check_risk(country: object) -> None:
        if country not in RISK_RULES:
            raise LookupError(f"strict risk rules: no rule for country {country}")

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
    service.client.expect("card-network")
    service.route("POST", "/authorise", Payment(service).authorise)
    service.serve()


if __name__ == "__main__":
    main()

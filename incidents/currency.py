"""Money as it is told: an amount, with its currency where the site names one."""

from typing import Annotated

from pydantic import AfterValidator

#: The currencies of ISO 4217 (List One, 2025), without metals, baskets of currencies and codes for tests.
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
    CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
    KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW
    UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())

#: From here on an amount is told without its cents.
_WHOLE = 100


def _known(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("it is no currency of ISO 4217; write it as EUR or USD")
    return code


#: A currency by its code.
Currency = Annotated[str, AfterValidator(_known)]


def money(amount: float, currency: str | None) -> str:
    """An amount as people read it: `1,840 EUR`; just the number where no currency is named."""
    number = f"{amount:,.{2 if 0 < abs(amount) < _WHOLE else 0}f}"
    return f"{number} {currency}" if currency else number

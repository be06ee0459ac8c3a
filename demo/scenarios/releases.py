"""What people ship: releases, configuration, flags."""

from demo.scenarios.model import (
    LARGER_PAGES,
    Line,
    Scenario,
    Sign,
    Truth,
    failing,
    flag,
    healthy,
    restart,
    rollback,
    simply,
    slow,
)
from incidents.action import ActionKind
from incidents.findings import Category

BAD_RELEASE = Scenario(
    id="shop-checkout-bad-release",
    title="Checkout fails for carts with more than one line",
    alert="HighErrorRate",
    prelude=lambda shop: shop.deploy("catalogue", "2026.11.4"),
    fault=lambda shop: shop.deploy("checkout", "2026.11.2"),
    remedy=rollback("checkout", "2026.11.1"),
    signs=(
        failing("checkout", above=0.3),
        healthy("catalogue"),
        healthy("payment"),
        Line(service="checkout", pattern="TypeError: unsupported operand"),
    ),
    truth=Truth(
        severity="P1",
        service="checkout",
        category=Category.DEPLOYMENT,
        metric="error_ratio",
        note=(
            "Checkout 2026.11.2 reads the bundle discount as a float and multiplies it with a Decimal:"
            " every cart with more than one line raises TypeError. Its new retry wraps the pricing too, so"
            " such an order fails only after four attempts and 1.75 s. The catalogue's page size is a red"
            " herring."
        ),
        right=(rollback("checkout", "2026.11.1"),),
        harmless=(restart("checkout"),),
        wrong=(rollback("catalogue", "2026.11.3"),),
        red_herrings=(LARGER_PAGES,),
    ),
)

SLOW_RELEASE = Scenario(
    id="shop-payment-slow-release",
    title="Orders take more than two seconds",
    alert="HighLatency",
    prelude=lambda shop: shop.deploy("catalogue", "2026.11.4"),
    fault=lambda shop: shop.deploy("payment", "2026.11.1"),
    remedy=rollback("payment", "2026.10.4"),
    signs=(
        slow("payment", above=1.5),
        slow("catalogue", below=0.8),
        healthy("web"),
        Line(service="payment", pattern="challenge of .* pending"),
    ),
    truth=Truth(
        severity="P1",
        service="payment",
        category=Category.DEPLOYMENT,
        metric="latency_p95",
        note=(
            "Payment 2026.11.1 polls three times, 0.7 s apart, for a challenge that most banks never"
            " send. No order fails, every order takes ten times as long. The catalogue's page size is a"
            " red herring."
        ),
        right=(rollback("payment", "2026.10.4"),),
        harmless=(restart("payment"),),
        wrong=(rollback("catalogue", "2026.11.3"), restart("database")),
        red_herrings=(LARGER_PAGES,),
    ),
)

SMALL_POOL = Scenario(
    id="shop-database-small-pool",
    title="Pages and orders fail for want of database connections",
    alert="HighErrorRate",
    fault=lambda shop: shop.deploy("database", "2026.9.3"),
    remedy=rollback("database", "2026.9.2"),
    signs=(
        failing("database", above=0.1),
        Sign(says="the pool has one connection", query="min(db_pool_connections_max)", below=2),
        Line(service="database", pattern="no free connection within"),
        healthy("payment"),
    ),
    truth=Truth(
        severity="P1",
        service="database",
        category=Category.DEPLOYMENT,
        metric="error_ratio",
        note=(
            "The configuration 2026.9.3 of the database leaves one connection of ten and lets nobody wait"
            " longer than 50 ms for it: statements are refused whenever two requests come together."
        ),
        right=(rollback("database", "2026.9.2"),),
        harmless=(restart("database"),),
        wrong=(simply(ActionKind.FAILOVER, "database"), restart("checkout")),
    ),
)

RED_HERRING = Scenario(
    id="shop-red-herring",
    title="Most orders fail, minutes after a release of checkout",
    alert="HighErrorRate",
    prelude=lambda shop: shop.deploy("checkout", "2026.11.3"),
    fault=lambda shop: shop.set_flag(
        "strict_risk_rules", True, author="Lena Ott", summary="Risk rules for all countries"
    ),
    remedy=flag("payment", "strict_risk_rules", False),
    signs=(
        failing("payment", above=0.3),
        healthy("catalogue"),
        Line(service="payment", pattern="strict risk rules: no rule for country"),
    ),
    truth=Truth(
        severity="P1",
        service="payment",
        category=Category.DEPLOYMENT,
        metric="error_ratio",
        note=(
            "The flag strict_risk_rules makes payment look up a rule for a country that no request"
            " carries: every amount above 40 EUR fails. Checkout was released before; it passes on what"
            " payment says."
        ),
        right=(flag("payment", "strict_risk_rules", False),),
        harmless=(restart("payment"),),
        wrong=(rollback("checkout", "2026.11.1"),),
        red_herrings=("deploy-1-checkout-2026.11.3",),
    ),
)

FRONT_OUTAGE = Scenario(
    id="shop-front-outage",
    title="The shop does not answer at all",
    alert="InstanceDown",
    fault=lambda shop: shop.deploy("web", "2026.11.3", settle=False),
    remedy=rollback("web", "2026.11.1"),
    signs=(
        Sign(says="web is down", query='max(up{service="web"})', below=0.5),
        Sign(says="everything else is up", query='min(up{service!="web"})', above=0.5),
        Line(service="web", pattern="cannot start: KeyError"),
    ),
    truth=Truth(
        severity="P0",
        service="web",
        category=Category.DEPLOYMENT,
        metric="up",
        note=(
            "The configuration 2026.11.3 of web renames its timeouts; the code of web asks for the old"
            " names and dies while it starts. The supervisor gives up after three attempts. No customer"
            " gets an answer."
        ),
        right=(rollback("web", "2026.11.1"),),
        harmless=(restart("web"),),
        wrong=(restart("catalogue"), simply(ActionKind.FAILOVER, "database")),
    ),
)

COSMETIC = Scenario(
    id="shop-cosmetic",
    title="Pages are shown without their styles",
    alert="MissingAssets",
    fault=lambda shop: shop.deploy("web", "2026.11.2"),
    remedy=rollback("web", "2026.11.1"),
    signs=(
        healthy("web"),
        Line(service="web", pattern=r"asset shop\.css is missing"),
    ),
    truth=Truth(
        severity="P3",
        service="web",
        category=Category.DEPLOYMENT,
        metric=None,
        note=(
            "The winter theme of web 2026.11.2 lists winter.css and no longer shop.css, which the pages"
            " still ask for. Everything works, without colours: a task for the backlog."
        ),
        harmless=(rollback("web", "2026.11.1"),),
        wrong=(restart("web"), restart("database")),
        none_is_right=True,
    ),
)

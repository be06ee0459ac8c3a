"""What names an error is never cut away, however long its trace is and whichever language wrote it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.last_words import last_words, shortened
from tools.live.telemetry_rows import LONGEST, cut
from tools.wording import plain

DEEP = "\n".join(f'  File "/srv/app/layer_{n}.py", line {n}, in step\n    step({n})' for n in range(60))
JVM = "\n".join(f"\tat shop.layer{n}.Step.run(Step.java:{n})" for n in range(60))

TRACES = {
    "python": (
        f"order 7 failed\nTraceback (most recent call last):\n{DEEP}\nshop.stock.Empty: sku 5 is sold out",
        "shop.stock.Empty: sku 5 is sold out",
    ),
    "python, two in a row": (
        f"KeyError: 'eur'\n\nDuring handling of the above exception, another exception occurred:\n{DEEP}\n"
        "RuntimeError: no rate of eur",
        "RuntimeError: no rate of eur",
    ),
    "the JVM": (
        f"java.lang.IllegalStateException: order 7\n{JVM}\nCaused by: java.net.ConnectException: refused by "
        f"stock:8080\n{JVM}\n\t... 12 more",
        "Caused by: java.net.ConnectException: refused by stock:8080",
    ),
    "the JVM, three deep": (
        f"a.B: x\n{JVM}\nCaused by: a.C: y\n{JVM}\nCaused by: a.D: z\n{JVM}\n\t... 3 common frames omitted",
        "Caused by: a.D: z",
    ),
    "the JVM in one line": (
        f"a.B: x{JVM.replace(chr(10), ' ')} Caused by: a.D: z at shop.Step.run(Step.java:1) ... 3 more",
        "Caused by: a.D: z",
    ),
    ".NET": (
        "System.Exception: order 7 ---> System.Net.SocketException (111): refused\n"
        + "\n".join(f"   at Shop.Layer{n}.Step() in /src/Step.cs:line {n}" for n in range(60))
        + "\n   --- End of inner exception stack trace ---",
        "---> System.Net.SocketException (111): refused",
    ),
    "Node": (
        "order 7 failed\nTypeError: rate is undefined\n"
        + "\n".join(f"    at step{n} (/srv/app.js:{n}:1)" for n in range(60)),
        "TypeError: rate is undefined",
    ),
    "Ruby": (
        "app/order.rb:7:in `rate': undefined method `eur' for nil (NoMethodError)\n"
        + "\n".join(f"\tfrom app/layer_{n}.rb:{n}:in `step'" for n in range(60)),
        "(NoMethodError)",
    ),
    "Go": (
        "panic: runtime error: index out of range [3]\n\ngoroutine 7 [running]:\n"
        + "\n".join(f"main.step{n}(...)\n\t/srv/app.go:{n} +0x1d" for n in range(60)),
        "panic: runtime error: index out of range [3]",
    ),
}


@pytest.mark.parametrize("language", TRACES)
@pytest.mark.parametrize("longest", [240, 480])
def test_the_line_that_names_the_error_outlives_a_cut(language: str, longest: int) -> None:
    text, error = TRACES[language]
    line = plain(text, longest)
    assert len(line) <= longest
    assert error in line
    assert line.startswith(text.split()[0])


@pytest.mark.parametrize("language", TRACES)
def test_what_is_read_from_a_source_keeps_it_too(language: str) -> None:
    text, error = TRACES[language]
    grown = re.sub(r"(?i)step|layer", lambda found: found[0] * 30, text)
    kept = cut(grown)
    assert len(grown) > LONGEST >= len(kept)
    assert error in kept


def test_a_line_of_an_error_that_is_itself_too_long_keeps_its_ends() -> None:
    error = f"ValueError: {'x' * 900} at column 7"
    line = plain(f"start\n{DEEP}\n{error}", 240)
    assert "ValueError: xxx" in line
    assert line.endswith("at column 7")
    assert line.startswith("start")


def test_a_text_of_one_line_has_no_last_words() -> None:
    assert last_words("GET /orders answered 500") == ""
    assert last_words("") == ""


@given(st.text(max_size=300), st.integers(2, 200), st.integers(0, 300), st.integers(0, 80))
def test_no_cut_is_longer_than_asked(text: str, longest: int, start: int, size: int) -> None:
    assert len(shortened(text, longest, text[start : start + size])) <= longest

"""A small repository with a history: releases, an old commit that broke something, what must not leak."""

import copy
import shutil
from pathlib import Path
from typing import Self

from tests.tools.live.repositories import Git

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nzzzzyyyyxxxxwwww\n-----END RSA PRIVATE KEY-----\n"
PRICES = '''"""Prices."""


def euros(text):
    """The amount that a text says."""
    return float(text.replace(",", "."))


def total(texts):
    return sum(euros(text) for text in texts)
'''
BROKEN = PRICES.replace('float(text.replace(",", "."))', "float(text)")
TEST = """import unittest

from prices import euros


class Prices(unittest.TestCase):
    def test_point(self):
        self.assertEqual(euros("1.5"), 1.5)
"""
#: What mends it, as a model would write it; the counts of its hunk are wrong.
FIX = f"""--- a/shop/prices.py
+++ b/shop/prices.py
@@ -3,9 +3,9 @@
 def euros(text):
     \"\"\"The amount that a text says.\"\"\"
-    return float(text)
+    return float(text.replace(",", "."))
{" "}
{" "}
 def total(texts):
"""


class Shop(Git):
    """The repository; the attributes are its commits, oldest first."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write("shop/prices.py", PRICES)
        self.write("shop/test_prices.py", TEST)
        self.write("shop/settings.ini", f"password=hunter2hunter2\n{KEY}after the key\n")
        self.write("mail/text.txt", "hello\n")
        self.write("mail/large.txt", "a line\n" * 80_000 + "a needle\n")
        (folder / "shop" / "link").symlink_to("/etc/passwd")
        self.first = self.kept("Prices of the shop")
        self.deploy("shop", "20260301T090000Z", "First\n\nVersion: 1.0")
        self.write("shop/prices.py", BROKEN)
        self.bug = self.kept("Exact amounts\n\nThe special case is gone; token=abcdefghijklmnop123456")
        self.deploy("shop", "20260302T090000Z", "Second\n\nVersion: 1.1")
        self.write("mail/text.txt", "dear customer\n")
        self.last = self.kept("Friendlier")

    def copied(self, folder: Path) -> Self:
        """The same repository in another folder."""
        made = copy.copy(self)
        shutil.copytree(self.folder, folder, symlinks=True)
        made.folder = folder
        return made

    def write(self, path: str, text: str) -> None:
        """Write one file."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def kept(self, message: str) -> str:
        """Commit everything."""
        return self.commit(message)

"""Amazon's pages for SNS over the network: certificates, and confirmations of subscriptions."""

import httpx2

from incidents.errors import ToolFailed
from tools.alerts.sns_signature import is_amazons
from tools.live.link_local import guarded

#: A certificate has some 2 kB.
LARGEST = 100_000
#: In seconds; a sender waits for its answer meanwhile.
WITHIN = 5.0


class LiveAmazonPages:
    """Reads pages of SNS's own addresses and of no other, without following it elsewhere."""

    async def get(self, url: str) -> bytes:
        """What the page holds.

        Raises:
            ToolFailed: the address is not Amazon's, or it did not answer.
        """
        if not is_amazons(url):
            raise ToolFailed("the address is none of Amazon SNS")
        try:
            async with httpx2.AsyncClient(
                timeout=WITHIN, follow_redirects=False, event_hooks=guarded()
            ) as client:
                answer = await client.get(url)
        except httpx2.HTTPError as error:
            raise ToolFailed(f"Amazon SNS did not answer: {error}") from error
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise ToolFailed(f"Amazon SNS answered {answer.status_code} with {len(answer.content)} bytes")
        return answer.content

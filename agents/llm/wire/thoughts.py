"""What a model only thought, apart from what it said."""

import re
from typing import NamedTuple

_TAG = r"(?:seed:|ant:)?(?:think|thinking|thought|thoughts|reasoning|scratchpad)"
_PAIRS = re.compile(
    rf"<(?P<tag>{_TAG})\b[^>]*>.*?(?:</(?P=tag)>|\Z)"
    r"|\[THINK\].*?(?:\[/THINK\]|\Z)"
    r"|◁think▷.*?(?:◁/think▷|\Z)"
    r"|<\|START_THINKING\|>.*?(?:<\|END_THINKING\|>|\Z)"
    r"|<\|channel>thought.*?(?:<channel\|>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
#: The end of thoughts whose beginning stood in the server's own template.
_STRAY = re.compile(rf"\A.*(?:</{_TAG}>|\[/THINK\]|◁/think▷|<\|END_THINKING\|>)", re.DOTALL | re.IGNORECASE)
#: Words of chat templates that say nothing.
_LEFTOVERS = re.compile(
    r"<\|(?:START|END)_(?:RESPONSE|OF_TURN_TOKEN|TEXT)\|>|<\|(?:im_end|eot_id|eom_id|end_of_text|return|end)\|>"
    r"|</s>|<\|end▁of▁sentence\|>|<\uff5cend▁of▁sentence\uff5c>"
)


class Parted(NamedTuple):
    """A text in two parts."""

    said: str
    thought: str


def part(text: str) -> Parted:
    """What stands outside of thoughts, and the thoughts; those that never end reach to the text's end."""
    thoughts = [found[0] for found in _PAIRS.finditer(text)]
    said = _PAIRS.sub("", text)
    if stray := _STRAY.match(said):
        thoughts.append(stray[0])
        said = said[stray.end() :]
    return Parted(_LEFTOVERS.sub("", said).strip(), "\n".join(thoughts).strip())

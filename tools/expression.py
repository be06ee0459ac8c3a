"""JMESPath expressions that a team writes into `nexus.yaml`: refused there if they are none."""

from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _compiles(expression: str) -> str:
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        what = str(error).splitlines()[0]
        raise PydanticCustomError(
            "jmespath", "it is no JMESPath expression: {what}", {"what": what}
        ) from None
    return expression


#: A JMESPath expression.
Expression = Annotated[str, AfterValidator(_compiles)]


def found_by(expression: Expression, value: Any) -> Any:
    """What an expression finds in plain JSON objects; None if nothing.

    Raises:
        ValueError: it cannot be applied to this value; says why.
    """
    try:
        return jmespath.search(expression, value)
    except JMESPathError as error:
        raise ValueError(f"{expression}: {str(error).splitlines()[0]}") from error
    except TypeError as error:  # jmespath 1.1 compares by Python's rules; the specification says null
        raise ValueError(
            f"{expression} compares a text with a number; write `to_number(…)` around the text"
        ) from error

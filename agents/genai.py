"""The names of OpenTelemetry's GenAI conventions that our spans have; nothing else in the house writes one.

They follow the conventions as of version 1.41.1, the last one that holds them: from 1.42 on they stand in a
repository of their own, which has released none. https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

#: What a span's scope tells, so that a backend knows how to read the names.
SCHEMA = "https://opentelemetry.io/schemas/1.41.1"

OPERATION = "gen_ai.operation.name"
CONVERSATION = "gen_ai.conversation.id"
AGENT = "gen_ai.agent.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
TOOL = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
TOOL_ARGUMENTS = "gen_ai.tool.call.arguments"
TOOL_RESULT = "gen_ai.tool.call.result"

INVOKE_AGENT, CHAT, EXECUTE_TOOL = "invoke_agent", "chat", "execute_tool"
FUNCTION = "function"

#: The conventions' words for providers, by the end of their hosts; whoever else speaks OpenAI's interface is
#: told as that, which is all that is known of them.
_PROVIDERS = {
    "azure.com": "azure.ai.openai",
    "anthropic.com": "anthropic",
    "deepseek.com": "deepseek",
    "groq.com": "groq",
    "mistral.ai": "mistral_ai",
    "perplexity.ai": "perplexity",
    "x.ai": "x_ai",
    "generativelanguage.googleapis.com": "gcp.gemini",
}
_OPENAI = "openai"


def provider_at(host: str) -> str:
    """The word for whoever serves at a host."""
    return next((word for end, word in _PROVIDERS.items() if f".{host}".endswith(f".{end}")), _OPENAI)

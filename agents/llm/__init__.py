"""The engine that lets language models speak for the roles. Importing it loads LangChain: do it late."""

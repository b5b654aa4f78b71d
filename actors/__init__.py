"""The agents and what protects them from their model provider.

Belongs here: one file per agent kind, prompts, the model client (the only importer of ``openai``),
breaker, rate limits, retries, metrics.

Does not belong here: an HTTP server, SQL or database credentials, replica counts, the score's
arithmetic (``scoring``).
"""

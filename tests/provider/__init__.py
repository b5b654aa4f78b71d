"""A stand-in for an OpenAI-compatible model provider: a real HTTP server that misbehaves on order.

Three ways in: :class:`tests.provider.server.Provider` in a test's own loop,
:class:`tests.provider.beside.ProviderThread` and :class:`tests.provider.beside.ProviderProcess`
for a product that runs in other processes, and ``python -m tests.provider`` by hand. Its log of
calls is the outside truth about what the product asked and paid for.
"""

"""The nouns and rules of the product: leads, analyses, follow-ups, tasks, usage, ports, errors.

Belongs here: frozen models, state machines, pure rules. Must not come here: I/O, a clock,
randomness, Ray, SQL, HTTP. May import pydantic, phonenumbers and the standard library.
"""

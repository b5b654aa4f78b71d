"""How the properties of this room are tried."""

from hypothesis import settings

settings.register_profile("drafting", deadline=None, max_examples=60)
settings.load_profile("drafting")

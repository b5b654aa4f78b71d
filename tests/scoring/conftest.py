"""How the properties of this room are tried."""

from hypothesis import settings

settings.register_profile("scoring", deadline=None)  # a busy machine is slow, not wrong
settings.load_profile("scoring")

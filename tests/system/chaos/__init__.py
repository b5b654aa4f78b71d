"""The chaos suite: seeded faults under load, judged from outside."""

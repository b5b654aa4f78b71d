"""What people write, per language: tables of phrases and the value each one stands for.

Belongs here: phrase tables and the way they are searched. Must not come here: decisions about a
lead, numbers, dates.
"""

"""Webhooks: addresses, signatures, schedule, and the loop that sends. No routes, no SQL."""

"""The product on a real cluster while its leader changes: load, strikes, probes and the judge.

Belongs here: what the slow test and ``benchmarks/failover.py`` share.
"""

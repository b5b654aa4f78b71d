"""A real cluster for tests: etcd, three Patroni members and PostgreSQL 18, from pip packages alone.

Ask for :class:`tests.patroni.cluster.PatroniCluster`; its module says how. Belongs here: what
starts, kills and watches such a cluster, and the tests of that. What a room promises on it is
tested where the room's tests are.
"""

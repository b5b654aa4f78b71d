"""The Postgres cluster from outside: clients of etcd and Patroni, and what commands do with them.

Belongs here: HTTP to etcd and Patroni, waits, files that commands write. Must not come here: what
an observation means and what may be removed, which ``postgres`` decides; SQL; ``kubernetes``.
"""

"""What each finding means, and what mends it: one row a code, written for whoever is called."""

from enum import StrEnum
from typing import NamedTuple


class Weight(StrEnum):
    """How bad a finding is."""

    BROKEN = "broken"
    """Writes fail, or will within hours."""

    WEAK = "weak"
    """It serves, with less safety than it should."""


class Remedy(NamedTuple):
    """A finding's weight, what it means, and the fix."""

    weight: Weight
    why: str
    fix: str


BROKEN, WEAK = Weight.BROKEN, Weight.WEAK

REMEDIES = {
    "no_storage_class": Remedy(
        BROKEN,
        "The claims name a storage class that is not there, so no volume is made and no pod starts",
        "apply the storage class of postgres/manifests/base/storage-class.yaml, or name one that"
        " exists (kubectl get storageclass); claims bind by themselves then",
    ),
    "etcd_v2_api": Remedy(
        BROKEN,
        "Patroni asks for etcd's v2 API, which etcd 3.4 and newer does not serve",
        "use the section etcd3 (or PATRONI_ETCD3_HOSTS) instead of etcd in Patroni's configuration",
    ),
    "data_folder_rights": Remedy(
        BROKEN,
        "Postgres starts only on a folder of its own user with mode 0700 or 0750; local-path"
        " volumes are made 0777",
        "put PGDATA into a subfolder of the volume, owned by the server's user:"
        " chown -R 999:999 PGDATA && chmod 0700 PGDATA, and set fsGroup 999",
    ),
    "server_as_root": Remedy(
        BROKEN,
        "Postgres refuses to run as root",
        "set runAsUser 999, runAsGroup 999 and fsGroup 999 in the pod's securityContext, and give"
        " the data folder to that user",
    ),
    "socket_path_long": Remedy(
        BROKEN,
        "The path of a Unix socket ends at 107 bytes, and the server starts without one or not at"
        " all",
        "set unix_socket_directories to a short folder, such as /run/postgresql",
    ),
    "stale_cluster_state": Remedy(
        BROKEN,
        "etcd remembers another cluster under this scope: the data belong to a different system id",
        "decide which data are right; if those on disk are, stop every member and run"
        " gardenos postgres repair-dcs --scope SCOPE; if etcd is right, empty this member's folder",
    ),
    "waits_for_nobody": Remedy(
        BROKEN,
        "The key initialize says that a cluster exists, and no member has its data: all wait for a"
        " leader that will not come",
        "if no data are left anywhere, stop every member, run gardenos postgres repair-dcs"
        " --scope SCOPE and start them; else bring the volumes back first",
    ),
    "etcd_unreachable": Remedy(
        BROKEN,
        "etcd does not answer; without its quorum nobody is promoted, and without failsafe mode"
        " writes stop within seconds",
        "check addresses, port 2379, certificates and the NetworkPolicy; bring a majority of etcd"
        " back; do not restart Postgres meanwhile",
    ),
    "etcd_member_away": Remedy(
        WEAK,
        "One of etcd's members does not answer; the next loss may cost the quorum",
        "bring it back, or replace it (etcdctl member remove, then member add)",
    ),
    "etcd_no_quorum": Remedy(
        BROKEN,
        "etcd answers and cannot serve: a majority of its members is away, so nobody is promoted",
        "bring a majority back (etcdctl endpoint status --cluster); leave Postgres alone meanwhile",
    ),
    "etcd_full": Remedy(
        BROKEN,
        "etcd has reached its quota and refuses writes, the leader's lock among them",
        "etcdctl compact, etcdctl defrag, then etcdctl alarm disarm; raise --quota-backend-bytes",
    ),
    "etcd_refuses": Remedy(
        BROKEN,
        "etcd answers and refuses us",
        "check user and password (cluster.etcd_user, GARDENOS_ETCD_PASSWORD) and the role's range",
    ),
    "gateway_certificate_name": Remedy(
        BROKEN,
        "With authentication on, etcd's JSON gateway refuses a client certificate that has a CN",
        "issue Patroni's certificate without a CN (subjectAltName only) and log in by user and"
        " password; K3s, which speaks gRPC, may keep its CN",
    ),
    "access_rule_network": Remedy(
        BROKEN,
        "pg_hba names another network than the one pods connect from; 172.21.0.0/16 was Docker's,"
        " K3s has 10.42.0.0/16",
        "set pod-network in the ConfigMap postgres-settings to the cluster's pod network (kubectl"
        " get nodes -o jsonpath={..podCIDR}) and restart the members one by one",
    ),
    "endpoints_mirrored": Remedy(
        BROKEN,
        "Endpoints of postgres-primary are mirrored into a second slice: an old leader's address"
        " stays behind the same ClusterIP",
        "kubectl -n gardenos delete endpoints postgres-primary; only the EndpointSlice is written",
    ),
    "leader_unpublished": Remedy(
        BROKEN,
        "The EndpointSlice of postgres-primary names no address: clients have nowhere to go",
        "look at the sidecar's log and its rights (kubectl auth can-i patch endpointslices"
        " --as=system:serviceaccount:gardenos:postgres)",
    ),
    "leader_published_wrong": Remedy(
        BROKEN,
        "The published address is not the leader's: writes fail or go to a server that was demoted",
        "look at the sidecar of the leader's pod; it must publish within a second",
    ),
    "disk_full": Remedy(
        BROKEN,
        "A disk is full: Postgres stops, and starts again only with room for WAL",
        "enlarge the volume; never delete files of pg_wal by hand; look for idle slots and a"
        " failing archive first",
    ),
    "disk_filling": Remedy(
        WEAK,
        "A disk has little room left; local-path volumes do not hold to their capacity",
        "find what grows (pg_wal: idle slots, failing archive; else tables) and enlarge the volume",
    ),
    "slot_holds_wal": Remedy(
        WEAK,
        "A replication slot that nobody reads keeps WAL until the disk is full",
        "bring its reader back, or select pg_drop_replication_slot('NAME') if it is gone for good",
    ),
    "archive_fails": Remedy(
        WEAK,
        "WAL segments cannot be archived: pg_wal grows, and no restore reaches the present",
        "read the repository's error (pgbackrest check), mend it; the archive catches up by itself",
    ),
    "primary_is_replica": Remedy(
        WEAK,
        "/primary answers 200 with role replica: so it does for 70-170 ms after a promotion",
        "wait a second and look again; whoever routes by /primary must also ask that role is"
        " primary and state running",
    ),
    "role_master": Remedy(
        BROKEN,
        "Patroni 4 says role=primary; what still looks for role=master finds nobody",
        "change selectors, labels and scripts to role=primary (kubernetes.leader_label_value)",
    ),
    "patroni_not_first": Remedy(
        WEAK,
        "Patroni is not process 1 of its container: if it dies or freezes alone, the old Postgres"
        " takes writes for seconds more",
        "start it by exec as the image's command, without a shell or supervisor in between and"
        " without shareProcessNamespace",
    ),
    "ttl_clamped": Remedy(
        WEAK,
        "Patroni raises a ttl under 20 to 20: fail-over takes longer than the setting promises",
        "set ttl 20, loop_wait 2, retry_timeout 5 (patronictl edit-config)",
    ),
    "timing_violated": Remedy(
        WEAK,
        "loop_wait + 2 * retry_timeout exceeds ttl: Patroni lowers them by itself",
        "set ttl 20, loop_wait 2, retry_timeout 5 (patronictl edit-config)",
    ),
    "not_synchronous": Remedy(
        WEAK,
        "Synchronous mode is off: the loss of the leader can lose acknowledged rows",
        "set synchronous_mode true (patronictl edit-config)",
    ),
    "no_failsafe": Remedy(
        WEAK,
        "Failsafe mode is off: when etcd loses its quorum, writes stop in 4-7 s",
        "set failsafe_mode true (patronictl edit-config)",
    ),
    "start_timeout_loses": Remedy(
        BROKEN,
        "primary_start_timeout is 0 without synchronous mode: a crash promotes a standby at once"
        " and loses rows",
        "set synchronous_mode true, or primary_start_timeout to 60 or more",
    ),
    "no_synchronous_standby": Remedy(
        WEAK,
        "No standby is named synchronous: until one is, a loss of the leader loses rows",
        "bring a standby back (gardenos postgres status says which is away)",
    ),
    "paused": Remedy(
        WEAK,
        "Automatic fail-over is paused",
        "patronictl resume when the maintenance is over",
    ),
    "failsafe_active": Remedy(
        WEAK,
        "Failsafe mode is active: the leader goes on without etcd",
        "bring etcd back; a member that is lost now stops writes",
    ),
    "no_scope": Remedy(
        BROKEN,
        "etcd holds no key of this scope: no member ever reached it, or the name is another",
        "compare --scope and the setting cluster.namespace with the members' configuration",
    ),
    "no_leader": Remedy(
        BROKEN,
        "Nobody holds the leader's key",
        "wait one ttl (20 s); if none comes, see the other findings and the members' logs",
    ),
    "leader_unknown": Remedy(
        BROKEN,
        "The leader's key names somebody who has no key of its own, so nobody knows where it is",
        "wait one ttl (20 s): the key ends with its lease, and another is elected",
    ),
    "not_streaming": Remedy(
        WEAK,
        "A standby does not stream from the leader: one fewer can take over",
        "look at its log; if it stays, patronictl reinit SCOPE MEMBER makes a new copy",
    ),
    "member_silent": Remedy(
        WEAK,
        "A member's Patroni does not answer",
        "look at its pod and log; one fewer can be lost until it is back",
    ),
    "leader_silent": Remedy(
        BROKEN,
        "The published leader's Patroni does not answer, and nobody else is promoted yet",
        "wait one ttl (20 s): a member that is gone loses its key, and a standby is promoted; if"
        " none is, see the members' logs",
    ),
    "patroni_gone": Remedy(
        BROKEN,
        "A Postgres takes writes and no Patroni watches it: at a fail-over nobody stops it",
        "delete its pod now, so that the writes go where they are kept; see that Patroni is process"
        " 1, whose end is the server's end too",
    ),
    "postgres_silent": Remedy(
        WEAK,
        "A member's Postgres does not take our connection",
        "look at its log; Patroni starts it again by itself unless another finding says why not",
    ),
    "two_primaries": Remedy(
        BROKEN,
        "More than one server takes writes",
        "stop the one that is not in etcd's leader key at once; compare its rows before it is"
        " rewound",
    ),
    "leader_disagrees": Remedy(
        BROKEN,
        "etcd's leader key and the servers name different leaders",
        "wait two loops (4 s) and look again; if it stays, stop Patroni on the one that is wrong",
    ),
    "timelines_differ": Remedy(
        WEAK,
        "A member is on another timeline than the leader",
        "patronictl reinit SCOPE MEMBER, unless pg_rewind mends it within a minute",
    ),
    "lagging": Remedy(
        WEAK,
        "A standby is far behind",
        "look at its disk and network; a long query on it can hold replay back",
    ),
    "password_refused": Remedy(
        BROKEN,
        "A standby cannot log in at the leader",
        "give every member the same Secret postgres-passwords; alter role on the leader to match",
    ),
    "unread": Remedy(
        WEAK,
        "Something could not be looked at, so a fault may hide there",
        "give the rights or the address that is named, and look again",
    ),
}

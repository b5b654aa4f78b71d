"""Compare what etcd, Patroni, Postgres and the published slice say of the same cluster."""

from collections.abc import Iterator

from postgres.cluster_view import Observation


def find_disagreements(seen: Observation) -> Iterator[tuple[str, str]]:
    """Yield code and words of each contradiction."""
    yield from of_leader(seen)
    yield from of_timelines(seen)
    yield from of_lag(seen)
    yield from of_published(seen)


def of_leader(seen: Observation) -> Iterator[tuple[str, str]]:
    """Compare the leader's key with the servers' own words."""
    leader = seen.scope.leader if seen.scope else None
    writers = sorted(one.member for one in seen.postgres if one.in_recovery is False)
    primaries = sorted(one.name or one.address for one in seen.patroni if one.is_primary)
    if len(writers) > 1 or len(primaries) > 1:
        both = sorted({*writers, *primaries})
        yield "two_primaries", f"{' and '.join(both)}; etcd names {leader or 'nobody'}"
        return
    if leader and primaries and primaries != [leader]:
        yield "leader_disagrees", f"etcd names {leader}, Patroni {primaries[0]}"
    if leader and writers and writers != [leader]:
        yield "leader_disagrees", f"etcd names {leader}, Postgres takes writes on {writers[0]}"
    standbys = {one.member for one in seen.postgres if one.in_recovery}
    if leader in standbys and not writers:
        yield "leader_disagrees", f"etcd names {leader}, whose Postgres is a standby"
    answering = {one.name for one in seen.patroni if one.error is None}
    if leader in answering and not primaries:
        yield "leader_disagrees", f"etcd names {leader}, which does not answer as primary"


def of_timelines(seen: Observation) -> Iterator[tuple[str, str]]:
    """Compare each member's timeline with the leader's."""
    if seen.scope is None:
        return
    timelines = {one.name: one.timeline for one in seen.scope.members if one.timeline}
    wanted = timelines.get(seen.scope.leader or "")
    for name, timeline in sorted(timelines.items()):
        if wanted and timeline != wanted:
            yield "timelines_differ", f"{name} is on {timeline}, the leader on {wanted}"


def of_lag(seen: Observation) -> Iterator[tuple[str, str]]:
    """Name standbys that are further behind than allowed."""
    for name, lag in lags(seen).items():
        if lag > seen.lag_limit_bytes:
            yield "lagging", f"{name} is {lag:,} bytes behind"


def lags(seen: Observation) -> dict[str, int]:
    """Return bytes behind the leader by standby, as their keys in etcd tell."""
    scope = seen.scope
    if scope is None:
        return {}
    positions = {one.name: one.lsn for one in scope.members if one.lsn is not None}
    newest = positions.get(scope.leader or "", scope.leader_lsn)
    if newest is None:
        return {}
    return {name: max(0, newest - at) for name, at in positions.items() if name != scope.leader}


def of_published(seen: Observation) -> Iterator[tuple[str, str]]:
    """Compare the published address with the leader's."""
    kubernetes = seen.kubernetes
    if kubernetes is None or kubernetes.slices is None or seen.scope is None:
        return
    hosts = {one.name: one.host for one in seen.scope.members}
    leader = hosts.get(seen.scope.leader or "")
    places = {leader} | {p.address for p in kubernetes.pods if p.name == seen.scope.leader}
    published = sorted({a for one in kubernetes.slices for a in one.addresses})
    if not published:
        yield "leader_unpublished", "no address behind postgres-primary"
    elif leader and not set(published) <= places:
        named = ", ".join(published)
        yield "leader_published_wrong", f"published {named}; the leader is at {leader}"

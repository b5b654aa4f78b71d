"""Decide what a repair may remove from etcd: keys and signs of life in, a plan or a refusal out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.errors import ConflictError
from postgres.dcs_keys import DcsKey, KeyListing, document_of, scope_range, short_name

MAX_KEYS = 100
"""Keys of one transaction; etcd's default limit is 128 operations, a scope has about a dozen."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What to remove, in one transaction.

    Attributes:
        scope: The cluster.
        keys: Exactly these, each at exactly its ``mod_revision``.
        key_range: First key and end of the scope; a key in it that is newer than ``revision``
            stops the removal.
        revision: etcd's revision at the listing.
    """

    scope: str
    keys: tuple[DcsKey, ...]
    key_range: tuple[str, str]
    revision: int


@dataclass(frozen=True, slots=True)
class LifeSign:
    """Why a member is held to be alive: its name or address, and what was seen."""

    member: str
    seen: str


def leases_of(listing: KeyListing, prefix: str) -> tuple[tuple[str, int], ...]:
    """Return members, and the leader, whose keys hang on a lease, with the lease."""
    return tuple(
        (short_name(one, prefix), one.lease)
        for one in listing.keys
        if one.lease and short_name(one, prefix).split("/")[0] in {"members", "leader", "failsafe"}
    )


def failsafe_addresses(listing: KeyListing, prefix: str) -> Mapping[str, str]:
    """Return by name where the leader noted that members answer, for the loss of etcd.

    A leader that lost etcd goes on in failsafe mode: no lease speaks for it, its own key is gone,
    and this one, which has no lease, still says where it is.
    """
    found: dict[str, str] = {}
    for one in listing.keys:
        if short_name(one, prefix) == "failsafe":
            for name, url in document_of(one.value).items():
                parts = urlsplit(str(url))
                if parts.netloc:
                    found[str(name)] = f"{parts.scheme}://{parts.netloc}"
    return found


def refuse_unasked(removal: Removal, asked: Sequence[str], *, is_known_gone: bool) -> None:
    """Let a repair go on only where somebody could be asked, or is known to be gone.

    Raises:
        ConflictError: There is something to remove, and silence proves nothing.
    """
    if removal.keys and not asked and not is_known_gone:
        why = (
            "no address of a member is known, so nobody was asked whether it lives; give --member"
            " or --kubeconfig, or --members-are-gone where you know it"
        )
        raise ConflictError("scope", removal.scope, why)


def plan_removal(
    listing: KeyListing, *, namespace: str, scope: str, keep_config: bool = False
) -> Removal:
    """Return what to remove: all keys of the scope, without ``config`` where that is to stay.

    Raises:
        ConflictError: The listing holds a key that is not the scope's, or more than a scope has.
    """
    start, end = scope_range(namespace, scope)
    foreign = [one.name for one in listing.keys if not one.name.startswith(start)]
    if foreign:
        raise ConflictError("scope", scope, f"the listing holds foreign keys, such as {foreign[0]}")
    kept = {f"{start}config"} if keep_config else set()
    keys = tuple(one for one in listing.keys if one.name not in kept)
    if len(keys) > MAX_KEYS:
        why = f"{len(keys)} keys are more than a cluster has ({MAX_KEYS}); look at them by hand"
        raise ConflictError("scope", scope, why)
    return Removal(scope, keys, (start, end), listing.revision)


def refuse_while_alive(scope: str, signs: Sequence[LifeSign]) -> None:
    """Let a repair go on only where nothing of the cluster lives.

    Raises:
        ConflictError: Something does; says what, and what to do first.
    """
    if signs:
        named = "; ".join(f"{one.member}: {one.seen}" for one in signs[:6])
        why = f"it lives ({named}); stop every member first, for example scale it to 0"
        raise ConflictError("scope", scope, why)

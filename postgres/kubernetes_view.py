"""Read what the Kubernetes API returned, as plain JSON objects, for what the doctor must know."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from postgres.cluster_view import ClaimSeen, DiskSeen, KubernetesSeen, LogSeen, PodSeen, SliceSeen

PRIMARY = "postgres-primary"
SETTINGS = "postgres-settings"
CONTAINER = "postgres"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MIRROR = "endpointslicemirroring-controller.k8s.io"
OF_SERVICE = "kubernetes.io/service-name"

Json = Mapping[str, Any]
Objects = Mapping[str, Iterable[Json]]


def read_objects(objects: Objects, errors: Iterable[str] = ()) -> KubernetesSeen:
    """Return what lists of objects say.

    Args:
        objects: By plural name in lower case (``pods``, ``endpointslices``); a list that could not
            be read is missing.
        errors: Why those are missing, one sentence each.
    """
    classes = list(objects["storageclasses"]) if "storageclasses" in objects else None
    slices = objects.get("endpointslices")
    return KubernetesSeen(
        storage_classes=tuple(name_of(one) for one in classes) if classes is not None else None,
        default_class=next((name_of(one) for one in classes or () if is_default(one)), None),
        claims=tuple(claim_of(one) for one in objects.get("persistentvolumeclaims", ())),
        pods=tuple(pod_of(one) for one in objects.get("pods", ()) if is_member(one)),
        slices=None if slices is None else tuple(slice_of(one) for one in slices if is_ours(one)),
        has_endpoints=any(name_of(one) == PRIMARY for one in objects.get("endpoints", ())),
        old_selectors=tuple(
            name_of(one)
            for one in objects.get("services", ())
            if "master" in ((one.get("spec") or {}).get("selector") or {}).values()
        ),
        pod_network=next(
            (
                (one.get("data") or {}).get("pod-network")
                for one in objects.get("configmaps", ())
                if name_of(one) == SETTINGS
            ),
            None,
        ),
        disks=tuple(disks_in(objects.get("volumes", ()))),
        errors=tuple(errors),
    )


def disks_in(summaries: Iterable[Json]) -> Iterator[DiskSeen]:
    """Yield the disks below claims, by the figures of their nodes.

    Of a local-path volume these are the node's own disk: it has no bound of its own.
    """
    for summary in summaries:
        for pod in summary.get("pods") or ():
            for volume in pod.get("volume") or ():
                claim, size = volume.get("pvcRef"), int(volume.get("capacityBytes") or 0)
                if claim and size:
                    free = int(volume.get("availableBytes") or 0)
                    yield DiskSeen(f"claim {claim.get('name')}", free, size)


def read_events(objects: Objects) -> LogSeen:
    """Return the messages of events as a log: the words of a fault stand in them too.

    They are kept for an hour. What was said of a claim before it was bound, or of a pod before it
    ran, is over.
    """
    over = {("Pod", name_of(one)) for one in objects.get("pods", ()) if phase_of(one) == "Running"}
    over |= {
        ("PersistentVolumeClaim", name_of(one))
        for one in objects.get("persistentvolumeclaims", ())
        if phase_of(one) == "Bound"
    }
    lines = []
    for one in objects.get("events", ()):
        about = one.get("involvedObject") or {}
        if one.get("message") and (about.get("kind"), about.get("name")) not in over:
            lines.append(str(one["message"]))
    return LogSeen("events", tuple(lines))


def phase_of(one: Json) -> str | None:
    """Return the phase of a pod or claim."""
    phase: str | None = (one.get("status") or {}).get("phase")
    return phase


def name_of(one: Json) -> str:
    """Return an object's name."""
    return str(one["metadata"]["name"])


def is_default(one: Json) -> bool:
    """Tell whether a storage class is the cluster's default."""
    annotations = one["metadata"].get("annotations") or {}
    return annotations.get(DEFAULT_CLASS) == "true"


def is_ours(one: Json) -> bool:
    """Tell whether a slice is of the Service that names the leader."""
    labels = one["metadata"].get("labels") or {}
    return labels.get(OF_SERVICE) == PRIMARY


def is_member(one: Json) -> bool:
    """Tell whether a pod runs a member: it has a container of the name."""
    return any(each["name"] == CONTAINER for each in one["spec"]["containers"])


def claim_of(one: Json) -> ClaimSeen:
    """Return a claim as the doctor needs it."""
    return ClaimSeen(name_of(one), phase_of(one) or "Pending", one["spec"].get("storageClassName"))


def pod_of(one: Json) -> PodSeen:
    """Return a pod as the doctor needs it."""
    container = next(each for each in one["spec"]["containers"] if each["name"] == CONTAINER)
    status = one.get("status") or {}
    return PodSeen(
        name=name_of(one),
        address=status.get("podIP"),
        phase=phase_of(one) or "Unknown",
        command=tuple(container.get("command") or ()),
        shares_processes=bool(one["spec"].get("shareProcessNamespace")),
    )


def slice_of(one: Json) -> SliceSeen:
    """Return a slice as the doctor needs it; an endpoint that is not ready counts not."""
    labels = one["metadata"].get("labels") or {}
    ready = [
        address
        for endpoint in one.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint["addresses"]
    ]
    return SliceSeen(name_of(one), tuple(ready), mirrored=labels.get(MANAGED_BY) == MIRROR)

"""Ask Kubernetes which members' pods run."""

from contextlib import closing

from domain.errors import ConfigurationError, ConflictError, UnavailableError
from kuberay.cluster_reader import ClusterReader, KubernetesError
from postgres.kubernetes_view import read_objects
from serve_app.cluster.observe import Places

RETRY_S = 2.0


def running_pods(places: Places, scope: str, *, limit_s: float) -> list[str]:
    """Return the names of members' pods that run or are about to; empty without a kubeconfig.

    Raises:
        ConfigurationError: The kubeconfig cannot be used.
        ConflictError: The namespace knows nothing of the cluster, so its silence proves nothing.
        UnavailableError: The pods cannot be read, so nobody knows.
    """
    if places.kubeconfig is None:
        return []
    try:
        reader = ClusterReader(places.kubeconfig, places.namespace, limit_s=limit_s)
    except KubernetesError as error:
        raise ConfigurationError("--kubeconfig", error.why, "a usable kubeconfig") from error
    with closing(reader):
        found = reader.read()
    if "pods" not in found.lists:
        raise UnavailableError("Kubernetes does not say which pods run", RETRY_S)
    pods = read_objects(found.lists).pods
    services = {one["metadata"]["name"] for one in found.lists.get("services", ())}
    if not pods and scope not in services:
        why = (
            f"namespace {places.namespace} has neither a member's pod nor a Service of that name;"
            " give --namespace, or leave --kubeconfig out"
        )
        raise ConflictError("scope", scope, why)
    return [one.name for one in pods if one.phase not in {"Succeeded", "Failed"}]

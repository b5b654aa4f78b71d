"""Read lists of objects from a Kubernetes API as plain JSON; a refused list is a sentence."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client import rest

PAGE = 500
MOST = 20_000
TRANSPORT_ERROR = rest.urllib3.exceptions.HTTPError  # type: ignore[attr-defined]
"""What the client lets through from the library below it."""
LOG_LINES = 200

Json = dict[str, Any]


class KubernetesError(Exception):
    """The Kubernetes API cannot be reached or refuses.

    Args:
        why: What happened, in words that hold no secret.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Objects:
    """Lists by plural name in lower case, logs by pod, and why a list is missing."""

    lists: dict[str, list[Json]] = field(default_factory=dict)
    logs: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


class ClusterReader:
    """Reads one namespace; every request has a limit. Close it.

    Args:
        kubeconfig: File that says where the API is and who we are.
        namespace: Where the cluster's objects are.
        limit_s: Seconds one request may take.

    Raises:
        KubernetesError: The file cannot be used.
    """

    def __init__(self, kubeconfig: Path, namespace: str, *, limit_s: float) -> None:
        try:
            self._api = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
        except (OSError, config.ConfigException) as error:
            raise KubernetesError(f"{kubeconfig} is no usable kubeconfig") from error
        self._api.configuration.retries = False
        self._namespace = namespace
        self._limit_s = limit_s

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def read(self) -> Objects:
        """Return everything that the doctor looks at; what is refused is named, not raised."""
        found = Objects()
        for name, call in self._calls().items():
            try:
                found.lists[name] = self._plain(call)
            except KubernetesError as error:
                found.errors.append(f"{name}: {error.why}")
        for pod in found.lists.get("pods", []):
            self._read_log(pod, found)
        self._read_volumes(found)
        return found

    def secrets(self) -> list[Json]:
        """Return the namespace's Secrets, without those that Kubernetes makes itself.

        Raises:
            KubernetesError: The API refuses or is silent.
        """
        core = client.CoreV1Api(self._api)
        found = self._plain(core.list_namespaced_secret)
        return [one for one in found if one.get("type") != "kubernetes.io/service-account-token"]

    def _calls(self) -> Mapping[str, Callable[..., Any]]:
        core = client.CoreV1Api(self._api)
        storage = client.StorageV1Api(self._api)
        discovery = client.DiscoveryV1Api(self._api)
        return {
            "storageclasses": storage.list_storage_class,
            "persistentvolumeclaims": core.list_namespaced_persistent_volume_claim,
            "pods": core.list_namespaced_pod,
            "services": core.list_namespaced_service,
            "configmaps": core.list_namespaced_config_map,
            "endpoints": core.list_namespaced_endpoints,
            "events": core.list_namespaced_event,
            "endpointslices": discovery.list_namespaced_endpoint_slice,
        }

    def _plain(self, call: Callable[..., Any]) -> list[Json]:
        where = () if call.__name__.startswith("list_storage_class") else (self._namespace,)
        found: list[Json] = []
        following: str | None = None
        while len(found) < MOST:
            page: Json = json.loads(self._text(call, *where, limit=PAGE, _continue=following))
            found += page.get("items") or []
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return found
        raise KubernetesError(f"more than {MOST} objects")

    def _text(self, call: Callable[..., Any], *where: str, **options: Any) -> bytes:
        """Return an answer as it came: the client's models refuse objects that lack a field."""
        try:
            told = call(*where, _request_timeout=self._limit_s, _preload_content=False, **options)
            text: bytes = told.data
        except client.ApiException as error:
            raise KubernetesError(f"the API answers {error.status} {error.reason}") from error
        except (OSError, TRANSPORT_ERROR) as error:
            raise KubernetesError(f"the API is silent ({type(error).__name__})") from error
        return text

    def _read_log(self, pod: Json, found: Objects) -> None:
        name = str(pod["metadata"]["name"])
        if not any(one["name"] == "postgres" for one in pod["spec"]["containers"]):
            return
        read = client.CoreV1Api(self._api).read_namespaced_pod_log
        options = {"container": "postgres", "tail_lines": LOG_LINES}
        try:
            text = self._text(read, name, self._namespace, **options)
        except KubernetesError as error:
            found.errors.append(f"the log of {name}: {error.why}")
            return
        found.logs[name] = text.decode(errors="replace").splitlines()

    def _read_volumes(self, found: Objects) -> None:
        """Add what the nodes below our pods say of the disks of our claims."""
        nodes = {one["spec"].get("nodeName") for one in found.lists.get("pods", [])} - {None}
        found.lists["volumes"] = []
        for node in sorted(nodes):
            try:
                summary: Json = json.loads(self._text(self._summary, str(node)))
            except KubernetesError as error:
                found.errors.append(f"the disks of node {node}: {error.why}")
                continue
            pods = [one for one in summary.get("pods") or () if self._is_ours(one)]
            found.lists["volumes"].append({"pods": pods})

    def _summary(self, node: str, *, _request_timeout: float, _preload_content: bool) -> Any:
        """Ask a node's kubelet; the typed call would escape the slash of ``stats/summary``."""
        del _preload_content
        request = self._api.param_serialize(
            method="GET",
            resource_path="/api/v1/nodes/{name}/proxy/stats/summary",
            path_params={"name": node},
            auth_settings=["BearerToken"],
        )
        answer = self._api.call_api(*request, _request_timeout=_request_timeout)
        answer.read()
        if answer.status != HTTPStatus.OK:
            raise client.ApiException(status=answer.status, reason=answer.reason)
        return answer

    def _is_ours(self, pod: Json) -> bool:
        return bool((pod.get("podRef") or {}).get("namespace") == self._namespace)

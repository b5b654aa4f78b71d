"""A Kubernetes API of lists for tests: JSON by path over HTTP, refusals included."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

KINDS = {
    "storageclasses": "/apis/storage.k8s.io/v1/storageclasses",
    "persistentvolumeclaims": "/api/v1/namespaces/gardenos/persistentvolumeclaims",
    "pods": "/api/v1/namespaces/gardenos/pods",
    "services": "/api/v1/namespaces/gardenos/services",
    "configmaps": "/api/v1/namespaces/gardenos/configmaps",
    "endpoints": "/api/v1/namespaces/gardenos/endpoints",
    "events": "/api/v1/namespaces/gardenos/events",
    "secrets": "/api/v1/namespaces/gardenos/secrets",
    "endpointslices": "/apis/discovery.k8s.io/v1/namespaces/gardenos/endpointslices",
}


@contextmanager
def kubernetes_api(
    folder: Path, lists: Mapping[str, list[dict[str, Any]]], *, log: str = "", refused: str = ""
) -> Iterator[Path]:
    """Give a kubeconfig of an API that answers with these lists, empty where none is named.

    Args:
        folder: Takes the kubeconfig.
        lists: Objects by plural name; ``volumes`` is the one summary that every node gives.
        log: What every pod's log says.
        refused: Name of the list that is refused with 403.
    """
    answers = {path: lists.get(name, []) for name, path in KINDS.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == KINDS.get(refused):
                self._tell(403, b'{"message": "forbidden"}', "application/json")
            elif path.endswith("/log"):
                self._tell(200, log.encode(), "text/plain")
            elif path.endswith("/proxy/stats/summary") and "volumes" in lists:
                self._tell(200, json.dumps(lists["volumes"][0]).encode(), "application/json")
            elif path in answers:
                body = json.dumps({"kind": "List", "metadata": {}, "items": answers[path]})
                self._tell(200, body.encode(), "application/json")
            else:
                self._tell(404, b"{}", "application/json")

        def _tell(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *words: object) -> None:  # noqa: A002 - its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield write_kubeconfig(folder, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def write_kubeconfig(folder: Path, address: str) -> Path:
    """Write a kubeconfig; return the file."""
    file = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": address}}],
        "users": [{"name": "test", "user": {"token": "none"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def a_pod(name: str = "postgres-cluster-0", **spec: Any) -> dict[str, Any]:
    """Return a member's pod."""
    container = {"name": "postgres", "image": "x", "command": ["patroni", "/etc/patroni.yml"]}
    return {
        "metadata": {"name": name},
        "spec": {"containers": [container], **spec},
        "status": {"phase": "Running", "podIP": "10.42.1.7"},
    }


def a_slice(address: str, name: str = "postgres-primary", **labels: str) -> dict[str, Any]:
    """Return a slice of the Service that names the leader."""
    return {
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/service-name": "postgres-primary", **labels},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
    }

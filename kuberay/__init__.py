"""The product on Kubernetes: RayService, RayJob and RayCluster manifests and their typed client.

Belongs here: manifests, the application image, applying, waiting and upgrading; the only imports of
``kubernetes``.

Does not belong here: any import of another room; callers hand over plain values.
"""

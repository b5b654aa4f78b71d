"""The manifests, the image and the guide of the cluster, judged without a cluster."""

# The application: orchestrator, agents, command line; and, as a second target, what looks after the
# database, with the server and the pgBackRest of postgres/Dockerfile. From the repository's root:
#   docker build --target application --tag gardenos/application:0.1.0-1 .
#   docker build --target database --tag gardenos/database:0.1.0-1 .
# The version says ours, and how often we changed what is around it.

ARG DEBIAN=debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f
ARG POSTGRES=postgres:18.4-trixie@sha256:3a82e1f56c8f0f5616a11103ac3d47e632c3938698946a7ad26da0df1334744a

FROM ${DEBIAN} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/build.txt requirements/runtime.txt /src/requirements/
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --no-compile --only-binary=:all: --require-hashes \
        --requirement /src/requirements/build.txt
# Compiled here, since no pod may write beside it.
RUN python3 -m venv /opt/gardenos \
    && /opt/gardenos/bin/pip install --no-cache-dir --only-binary=:all: --require-hashes \
        --requirement /src/requirements/runtime.txt
COPY LICENSE README.md pyproject.toml /src/
COPY actors /src/actors
COPY batch /src/batch
COPY deployments /src/deployments
COPY domain /src/domain
COPY kuberay /src/kuberay
COPY postgres /src/postgres
COPY scoring /src/scoring
COPY serve_app /src/serve_app
COPY sidecar /src/sidecar
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /src/dist /src \
    && /opt/gardenos/bin/pip install --no-cache-dir --no-deps --no-index /src/dist/*.whl \
    && /opt/gardenos/bin/pip uninstall --yes pip

FROM ${POSTGRES} AS database
# Of another version than the repository's server's pgBackRest it would refuse to work.
ARG PGBACKREST=2.59.0
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 "pgbackrest=${PGBACKREST}-*" \
    && rm -rf /var/lib/apt/lists/* /etc/pgbackrest.conf /usr/local/bin/docker-*.sh /usr/local/bin/gosu \
    && find / -xdev -perm /6000 -type f -exec chmod a-s {} +
COPY --from=build /opt/gardenos /opt/gardenos
ENV PATH=/opt/gardenos/bin:/usr/lib/postgresql/18/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# The group and user postgres: who owns the repository's files.
USER 999:999
WORKDIR /
STOPSIGNAL SIGTERM
ENTRYPOINT []
CMD ["gardenos", "postgres", "--help"]

# Last, so that it is what a build without a target makes.
FROM ${DEBIAN} AS application
# KubeRay's probes call bash and wget; the model's providers are known by the system's authorities.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bash ca-certificates python3 wget \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 1000 gardenos \
    && useradd --uid 1000 --gid 1000 --create-home gardenos \
    && find / -xdev -perm /6000 -type f -exec chmod a-s {} +
COPY --from=build /opt/gardenos /opt/gardenos
ENV PATH=/opt/gardenos/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
WORKDIR /home/gardenos
STOPSIGNAL SIGTERM
ENTRYPOINT []
CMD ["gardenos", "--help"]

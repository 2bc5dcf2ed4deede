# The gate in a container: `docker build -t deployment-gate .`, see docs/how-to/run-in-containers.md.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# What changes seldom comes first: the build tool, then the dependencies, both by hash.
COPY .lock/build.txt .lock/runtime.txt .lock/
RUN python3 -m venv /builder \
 && /builder/bin/pip install --require-hashes --only-binary :all: --requirement .lock/build.txt \
 && python3 -m venv --without-pip /opt/deployment-gate \
 && /builder/bin/pip --python /opt/deployment-gate/bin/python install \
      --require-hashes --only-binary :all: --requirement .lock/runtime.txt
COPY pyproject.toml README.md LICENSE app.yaml ./
COPY docs/runbooks docs/runbooks
COPY gate gate
RUN /builder/bin/hatchling build --target wheel \
 && /builder/bin/pip --python /opt/deployment-gate/bin/python install --no-deps --no-index dist/*.whl

FROM ${PYTHON_IMAGE}
# The number is fixed, so that the owner of a volume and `runAsNonRoot` can rely on it.
RUN groupadd --gid 10001 gate \
 && useradd --uid 10001 --gid gate --home-dir /data --no-create-home --shell /usr/sbin/nologin gate \
 && install --directory --owner gate --group gate /data
COPY --from=build /opt/deployment-gate /opt/deployment-gate
ENV PATH=/opt/deployment-gate/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# A SQLite file, and a `.env` file if there is one, are looked for here.
WORKDIR /data
USER 10001:10001
EXPOSE 8080
# A plain connection, since urllib would ask a proxy that the environment names.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-c", "\
from http.client import HTTPConnection; \
gate = HTTPConnection('127.0.0.1', 8080, timeout=4); \
gate.request('GET', '/readyz'); \
raise SystemExit(gate.getresponse().status != 200)"]
ENTRYPOINT ["gate"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]

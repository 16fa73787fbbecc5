# The control plane's image: one for the three roles, `serve`, `launcher` and `egress`. Built by scripts/control-plane-image,
# which makes the build context: this file, the locks, the source, the built front end, and in host/ what this host's builds
# need to reach a package index. That may hold passwords, and enters the stage `packages` alone.
ARG BASE_IMAGE=python:3.12-slim
FROM ${BASE_IMAGE} AS packages
LABEL org.aimforge.stage=packages
COPY host/environment host/ca.crt /tmp/host/
COPY requirements/control-plane.lock /tmp/
RUN if [ -s /tmp/host/ca.crt ]; then mkdir -p /etc/ssl/certs && cp /tmp/host/ca.crt /etc/ssl/certs/ca-certificates.crt; fi \
    && . /tmp/host/environment \
    && python3 -m venv /opt/aimforge/venv \
    && pip="/opt/aimforge/venv/bin/python -m pip --disable-pip-version-check --no-cache-dir --quiet" \
    && $pip install --require-hashes --only-binary :all: -r /tmp/control-plane.lock \
    && $pip uninstall --yes pip setuptools \
    && /opt/aimforge/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/aimforge/venv/lib

FROM ${BASE_IMAGE}
LABEL org.aimforge.image=control-plane
COPY --from=packages /opt/aimforge/venv /opt/aimforge/venv
COPY control_plane/ /opt/aimforge/control_plane/
COPY sandbox_image/ /opt/aimforge/sandbox_image/
COPY frontend/dist/ /opt/aimforge/frontend/dist/
# With these, `aimforge image ensure` works here too, for whoever has the engine's socket and a registry.
COPY Dockerfile.sandbox /opt/aimforge/
COPY requirements/ /opt/aimforge/requirements/
# The folders that become volumes. Each role writes its own socket's folder alone; their group may open what is in it.
RUN echo /opt/aimforge > "$(echo /opt/aimforge/venv/lib/python3.*/site-packages)/aimforge.pth" \
    && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/aimforge/control_plane /opt/aimforge/sandbox_image \
    && printf '#!/opt/aimforge/venv/bin/python\nfrom control_plane.__main__ import main\n\nmain()\n' >/usr/local/bin/aimforge \
    && chmod 755 /usr/local/bin/aimforge \
    && mkdir -p /run/aimforge/launcher /run/aimforge/egress /var/lib/aimforge \
    && chown 0:10000 /run/aimforge/launcher && chmod 750 /run/aimforge/launcher \
    && chown 10002:10000 /run/aimforge/egress && chmod 750 /run/aimforge/egress \
    && chown 10001:10000 /var/lib/aimforge && chmod 700 /var/lib/aimforge
ENV LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    AIMFORGE_DATA_DIR=/var/lib/aimforge \
    AIMFORGE_LOG_FORMAT=json
USER 10001:10000
WORKDIR /
EXPOSE 8000
ENTRYPOINT ["aimforge"]
CMD ["serve"]

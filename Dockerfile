# docker build --target server|agent|watch|cli. The names are in k8s/images.env.

FROM rust:1.95-slim-bookworm AS build
RUN cargo install --locked cargo-cyclonedx@0.5.9
WORKDIR /src
COPY . .
# Static, so that nothing but the program is in the image. The target is named
# so that the flag does not reach build scripts and macros.
ENV RUSTFLAGS="-C target-feature=+crt-static"
# One program with its parts list: `program BINARY FEATURE PROFILE`.
RUN printf '%s\n' '#!/bin/sh' 'set -eu' \
    'target="$(rustc -vV | sed -n "s/^host: //p")"; mkdir -p /out' \
    'cargo build --locked --target "$target" --profile "$3" --no-default-features --features "$2" --bin "$1"' \
    'cp "target/$target/$3/$1" /out/' \
    'cargo cyclonedx --format json --spec-version 1.5 --target "$target" --no-default-features --features "$2" --override-filename "$1.cdx"' \
    'mv "$1.cdx.json" /out/' \
    'cp /etc/ssl/certs/ca-certificates.crt LICENSE NOTICE /out/' \
    > /usr/local/bin/program && chmod +x /usr/local/bin/program

FROM build AS build-server
RUN program eidos-api-server server release

FROM build AS build-agent
RUN program eidos-agent agent agent

FROM build AS build-cli
RUN program eidos cli release

FROM scratch AS server
ARG VERSION=0.1.0
ARG REVISION=unknown
# The rate limiter is GPL: see NOTICE.
LABEL org.opencontainers.image.title="eidos-api-server" \
      org.opencontainers.image.description="Answers recipes for GPU Kubernetes clusters" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0 AND GPL-3.0-or-later"
COPY --from=build-server /out/LICENSE /out/NOTICE /
COPY --from=build-server /out/eidos-api-server.cdx.json /sbom.cdx.json
COPY --from=build-server /out/eidos-api-server /eidos-api-server
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/eidos-api-server"]

FROM scratch AS agent
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="eidos-agent" \
      org.opencontainers.image.description="Measures a node and posts what it found" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build-agent /out/LICENSE /out/NOTICE /
COPY --from=build-agent /out/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build-agent /out/eidos-agent.cdx.json /sbom.cdx.json
COPY --from=build-agent /out/eidos-agent /eidos-agent
USER 65532:65532
ENTRYPOINT ["/eidos-agent"]

FROM scratch AS watch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="eidos-watch" \
      org.opencontainers.image.description="Watches clusters for drift" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build-cli /out/LICENSE /out/NOTICE /
COPY --from=build-cli /out/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build-cli /out/eidos.cdx.json /sbom.cdx.json
COPY --from=build-cli /out/eidos /usr/local/bin/eidos
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/eidos", "watch"]

# A CI job's image: a shell, grep and sha256sum, and no entrypoint, because
# GitLab starts the shell itself.
FROM busybox:1.37-musl AS cli
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="eidos" \
      org.opencontainers.image.description="Snapshots, recipes and bundles for GPU Kubernetes clusters" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build-cli /out/LICENSE /out/NOTICE /usr/local/share/eidos/
COPY --from=build-cli /out/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build-cli /out/eidos.cdx.json /usr/local/share/eidos/sbom.cdx.json
COPY --from=build-cli /out/eidos /usr/local/bin/eidos
ENV HOME=/tmp
WORKDIR /work
RUN chmod 1777 /work
USER 65532:65532
CMD ["sh"]

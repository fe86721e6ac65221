# syntax=docker/dockerfile:1

# The binary, built with the toolchain that the tests use.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    CARGO_PROFILE_RELEASE_STRIP=symbols cargo build --locked --release --bin belfry \
 && install -D target/release/belfry /image/usr/local/bin/belfry \
 && install -d -o 65532 -g 65532 /image/srv/belfry/var

# C library, certificates, a user without rights; no shell.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image /
USER 65532:65532
WORKDIR /srv/belfry
# The database, the key ring and the secret file, unless the configuration puts them elsewhere.
VOLUME /srv/belfry/var
ENV BELFRY__HTTP__LISTEN=0.0.0.0:8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/belfry", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/belfry"]
CMD ["serve"]

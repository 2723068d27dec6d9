# The program in an image, with Python and Node for adapters in them. NOT TRIED: this project's CI has no Docker. What it runs,
# packaging/install and the build, CI does run.
#
#     docker build --build-arg TIGRESS_COMMIT="$(git rev-parse HEAD)" --tag tigress .
#     docker run --rm tigress test
#     docker run --rm --volume "$PWD:/work" tigress test --adapter 'python3 adapter.py'
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
ARG TIGRESS_COMMIT=
RUN cargo build --locked --release --bin tigress && packaging/install target/release/tigress /installed

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends nodejs python3 && rm -rf /var/lib/apt/lists/*
COPY --from=build /installed /usr/local
RUN useradd --create-home tigress
USER tigress
WORKDIR /work
ENTRYPOINT ["tigress"]
CMD ["test"]

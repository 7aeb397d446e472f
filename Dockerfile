FROM rust:1.95-bookworm AS builder
WORKDIR /build
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
# A volume mounted there takes its owner over.
RUN useradd --system --uid 10001 --no-create-home cchc \
    && install -d -o cchc -m 0700 /var/lib/cchc /var/lib/cchc/documents
# Whom to trust at the other end of a webhook, an identity provider or a bucket.
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /build/target/release/cchc /usr/local/bin/cchc
USER 10001
ENV CCHC_LISTEN=0.0.0.0:8080
EXPOSE 8080
# The slim image has no curl; bash speaks enough HTTP to ask whether requests can be served.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["cchc"]
CMD ["serve"]

#!/bin/sh
# Holds the running interface against its own description with schemathesis.
# Usage: schemathesis.sh [examples per operation]; SCHEMATHESIS names the program (default: schemathesis).
set -eu
cd "$(dirname "$0")/../../../.."
examples="${1:-30}"
cargo build --locked --quiet -p medward-api --example serve_memory
out="$(mktemp)"
"${CARGO_TARGET_DIR:-target}/debug/examples/serve_memory" >"$out" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$out"' EXIT
tries=0
while [ "$(wc -l <"$out")" -lt 4 ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then echo "the interface did not start:"; cat "$out"; exit 1; fi
    sleep 0.1
done
address="$(sed -n 1p "$out")"
cookie="$(sed -n 2p "$out")"
token="$(sed -n 3p "$out")"
# Left out: the stream (it never ends), and what would end the tester itself.
# Positive data: a search, a cursor or an order is a language that the description cannot tell in full.
run() {
    "${SCHEMATHESIS:-schemathesis}" run "$address/api/v1/openapi.json" \
        --url "$address" --max-examples "$examples" --seed 20261122 --workers 1 --request-timeout 20 \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection \
        --generation-database none --no-color "$@"
}
# All that a token may do; then people and tokens, which are for sessions.
run --header "Authorization: Bearer $token" --exclude-path /api/v1/stream --exclude-path /api/v1/people/{name} \
    --exclude-path /api/v1/tokens/{id}
run --header "Cookie: $cookie" --header "X-Medward-CSRF: csrf" --include-path /api/v1/people --include-path /api/v1/tokens

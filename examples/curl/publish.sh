#!/usr/bin/env bash
# Publishes one event with curl: order 7, or the order that the argument names, was paid. Prints the event's id.
#
#     examples/curl/publish.sh 7
set -euo pipefail

url=${TIDINGS_URL:-http://localhost:8787}
key=${TIDINGS_KEY:-local-publish-key-0123456789abcdef}
order=${1:-7}

# The key is passed on standard input, because every user of the machine can see the arguments of a command.
if answer=$(curl "$url/channels/orders/events" --silent --show-error --fail-with-body --max-time 10 \
  --header @- --header 'Content-Type: application/json' --header "Idempotency-Key: order-$order-paid" \
  --data "{\"type\":\"order\",\"data\":{\"id\":$order,\"state\":\"paid\"}}" <<< "Authorization: Bearer $key"); then
  sed 's/.*"ids":\["\([0-9]*\)".*/\1/' <<< "$answer"
else
  sed -nE 's/.*"detail":"(([^"\\]|\\.)*)".*/\1/p' <<< "$answer" >&2
  exit 1
fi

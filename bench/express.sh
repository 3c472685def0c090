#!/usr/bin/env bash
# Our web server against one that it replaces: the Express and kafkajs one of github.com/EladSuzy/UNproject. This is bench/peers.sh with
# that peer alone: both publish to the same brokers, and get the same load on the classic route, POST /api/buy, in turns, warmed up.
# Prints every run, and the medians of requests/s, CPU time a purchase, p50 and p99. Needs wrk, Linux, Node.js; npm and git, unless
# --express names a web-server directory of the original that has been built (npm install, npm run build). Kafka is librdkafka's mock
# cluster, unless --kafka names brokers: then their topic "purchases" gets all these purchases, so it must be one that nobody needs.
#   bench/express.sh [--kafka host:port] [--express DIR] [--rounds 5] [--seconds 4] [--connections "64 256"] [--warmup 10] [--partitions 12]
set -- --peers express --rounds 5 --seconds 4 "$@"
# shellcheck source=bench/peers.sh
. "$(dirname "$0")/peers.sh"

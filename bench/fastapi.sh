#!/usr/bin/env bash
# Our web server against one that it replaces: the FastAPI and aiokafka one of github.com/Avigdorrr/shopping-system-k8s. This is
# bench/peers.sh with that peer alone: both publish to the same brokers, and get the same load on POST /api/v1/buy, in turns, warmed up.
# Prints every run, and the medians of requests/s, CPU time a purchase, p50 and p99. Needs wrk, Linux; Python 3.10 or later with venv
# and pip, unless --python names an interpreter that has the original's requirements; git, unless --fastapi names the directory
# apps/web-server of a checkout. Kafka is librdkafka's mock cluster, unless --kafka names brokers: then their topic "purchases" gets all
# these purchases, so it must be one that nobody needs.
#   bench/fastapi.sh [--kafka host:port] [--fastapi DIR] [--python PYTHON] [--rounds 5] [--seconds 4] [--connections "64 256"] [--warmup 10]
#                    [--partitions 12]
set -- --peers fastapi --rounds 5 --seconds 4 "$@"
# shellcheck source=bench/peers.sh
. "$(dirname "$0")/peers.sh"

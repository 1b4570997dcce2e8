# Shows that a scenario is one market: it is run twice without clients, and both runs have the same digest.
# Run: sh examples/replay.sh [SCENARIO]. Needs market-feed-server; exit code 1 when they differ.
set -eu

scenario=${1:-burst}
first=$(feed replay "$scenario" --speed max --digest | grep sha256)
second=$(feed replay "$scenario" --speed max --digest | grep sha256)
echo "$first"
test "$first" = "$second"

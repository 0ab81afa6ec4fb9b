#!/bin/bash
# Measures Quoll beside Apache ZooKeeper (Debian's package) and the floor, a program that does only the sockets and the disk's sync.
# One server runs at a time; every load goes to each of them within the same minutes. Prints tables in Markdown.
#   bench/compare.sh [seconds per load] [znodes of the memory test]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
znodes=${2:-1000000}
work=$(mktemp -d "${TMPDIR:-/tmp}/quoll-bench.XXXXXX")
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

dotnet build --configuration Release src/Quoll.Cli --verbosity quiet >/dev/null
gcc -O2 -w -o "$work/zkload" bench/zkload.c
gcc -O2 -w -o "$work/nullzk" bench/nullzk.c -lpthread

configure() { # directory port
  mkdir -p "$1"
  printf '%s\n' tickTime=2000 "dataDir=$1/data" "clientPort=$2" clientPortAddress=127.0.0.1 maxClientCnxns=0 \
    admin.enableServer=false '4lw.commands.whitelist=*' autopurge.purgeInterval=1 > "$1/zoo.cfg"
}

start() { # floor | apache | quoll: sets $server and $port
  home=$work/$1
  case $1 in
    floor) port=29181; mkdir -p "$home"; "$work/nullzk" $port 1024 "$home/log" & ;;
    apache) port=29182; configure "$home" $port
      java -Xmx2g -Dzookeeper.admin.enableServer=false -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -cp /usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar \
        org.apache.zookeeper.server.quorum.QuorumPeerMain "$home/zoo.cfg" > "$home/out" 2>&1 & ;;
    quoll) port=29183; configure "$home" $port
      artifacts/bin/Quoll.Cli/release/quoll serve "$home/zoo.cfg" > "$home/out" 2>&1 & ;;
  esac
  server=$!
  for _ in $(seq 3000); do
    # A connection that Apache's server takes while it loads may never be answered.
    timeout 1 "$work/zkload" -h 127.0.0.1:$port -c 1 -o connect -t 0 >/dev/null 2>&1 && return
    sleep 0.02
  done
  echo "$1 did not start" >&2
  exit 1
}

stop() { kill "$server"; wait "$server" 2>/dev/null || true; server=; }

load() { "$work/zkload" -h 127.0.0.1:$port -P "$server" "$@"; }

field() { tr ' ' '\n' <<< "$1" | sed -n "s/^$2=//p"; }

declare -A line
measure() { # name, then the load
  local name=$1 result
  shift
  result=$(load "$@")
  line[$name]+=" $(field "$result" ops_per_s) | $(field "$result" server_cpu_us_per_op) |"
  latency[$name]+=" $(field "$result" read_p50_us)/$(field "$result" read_p99_us) | $(field "$result" write_p50_us)/$(field "$result" write_p99_us) |"
}
declare -A latency

names=("reads, 50 sessions x 20" "writes, 50 sessions x 20" "half and half, 50 sessions x 20" "creates of 100 B, 50 sessions x 20"
  "one session, one read" "one session, one write")
for kind in floor apache quoll; do
  start $kind
  load -c 50 -w 20 -t 5 -r 50 -s 1024 -k 1000 > /dev/null   # warms up
  measure "${names[0]}" -c 50 -w 20 -t "$seconds" -r 100 -s 1024 -k 1000
  measure "${names[1]}" -c 50 -w 20 -t "$seconds" -r 0 -s 1024 -k 1000
  measure "${names[2]}" -c 50 -w 20 -t "$seconds" -r 50 -s 1024 -k 1000
  measure "${names[3]}" -c 50 -w 20 -t "$seconds" -o create -s 100
  measure "${names[4]}" -c 1 -w 1 -t "$seconds" -r 100 -s 1024 -k 1000
  measure "${names[5]}" -c 1 -w 1 -t "$seconds" -r 0 -s 1024 -k 1000
  stop
done

echo "| 1 KB unless said otherwise | floor /s | µs CPU | Apache /s | µs CPU | Quoll /s | µs CPU |"
echo "|---|---|---|---|---|---|---|"
for name in "${names[@]}"; do echo "| $name |${line[$name]}"; done
echo
echo "| latency p50/p99 µs | floor read | write | Apache read | write | Quoll read | write |"
echo "|---|---|---|---|---|---|---|"
for name in "${names[@]}"; do echo "| $name |${latency[$name]}"; done
echo
echo "| $znodes znodes of 100 B | resident after the load | start to first answer |"
echo "|---|---|---|"
for kind in apache quoll; do
  rm -rf "${work:?}/$kind"
  start $kind
  filled=$(load -c 50 -w 20 -t 0 -o fill -n "$znodes" -k 1000 -s 100 -p /fill)
  stop
  began=$(date +%s%N)
  start $kind
  ready=$((($(date +%s%N) - began) / 1000000))
  stop
  echo "| $kind | $(($(field "$filled" rss_kb) / 1024)) MB | $ready ms |"
done

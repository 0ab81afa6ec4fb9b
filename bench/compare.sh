#!/bin/bash
# Measures the speed of Quoll beside Apache ZooKeeper (Debian's package) and the floor, a program that does only the sockets and the
# disk's sync. All three run; loads go to one at a time, in short rounds by turns, and medians of the rounds count. Prints Markdown.
#   bench/compare.sh [--quick] [--write] [--rounds N] [--seconds N] [load...]
# Loads: reads writes mixed one-read one-write creates; all of them if none is named. --write puts the tables into docs/benchmarks.md.
cd "$(dirname "$0")/.."
. bench/lib.sh
rounds=3
seconds=5
loads=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1 rounds=1 seconds=2 ;;
    --write) write=1 ;;
    --rounds) rounds=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    *) loads+=("$1") ;;
  esac
  shift
done
[ ${#loads[@]} -gt 0 ] || loads=(reads writes mixed one-read one-write creates)   # creates last: what they leave makes snapshots longer
kinds=(floor apache quoll)

run_load() { # kind load
  case $2 in
    reads) load "$1" -c 50 -w 20 -t "$seconds" -r 100 -s 1024 -k 1000 ;;
    writes) load "$1" -c 50 -w 20 -t "$seconds" -r 0 -s 1024 -k 1000 ;;
    mixed) load "$1" -c 50 -w 20 -t "$seconds" -r 50 -s 1024 -k 1000 ;;
    creates) load "$1" -c 50 -w 20 -t "$seconds" -o create -s 100 ;;
    one-read) load "$1" -c 1 -w 1 -t "$seconds" -r 100 -s 1024 -k 1000 ;;
    one-write) load "$1" -c 1 -w 1 -t "$seconds" -r 0 -s 1024 -k 1000 ;;
    *) echo "no such load: $2" >&2; exit 2 ;;
  esac
}

title() {
  case $1 in
    mixed) echo "half and half" ;; creates) echo "creates of 100 B" ;;
    one-read) echo "one session, one read" ;; one-write) echo "one session, one write" ;; *) echo "$1" ;;
  esac
}

of() { # kind load field: the median of the rounds
  sed -n "s/.* $3=\([^ ]*\).*/\1/p" "$work/$2.$1.lines" | median
}

latencies() { # kind load read|write
  echo "$(of "$1" "$2" "$3_p50_us") / $(of "$1" "$2" "$3_p99_us")"
}

build_all
for kind in "${kinds[@]}"; do
  start "$kind"
  load "$kind" -c 50 -w 20 -t $((quick ? 2 : 8)) -r 50 -s 1024 -k 1000 > /dev/null   # warms up
done
for what in "${loads[@]}"; do
  for round in $(seq "$rounds"); do
    for kind in "${kinds[@]}"; do
      run_load "$kind" "$what" | tee -a "$work/$what.$kind.lines" | sed "s/^/$kind $what /" >&2
    done
  done
done

{
  echo "| | floor /s | µs CPU | Apache /s | µs CPU | Quoll /s | µs CPU | Quoll to Apache | CPU |"
  echo "|---|---|---|---|---|---|---|---|---|"
  for what in "${loads[@]}"; do
    echo -n "| $(title "$what") |"
    for kind in "${kinds[@]}"; do echo -n " $(of $kind "$what" ops_per_s) | $(of $kind "$what" server_cpu_us_per_op) |"; done
    echo " $(calc "$(of quoll "$what" ops_per_s) / $(of apache "$what" ops_per_s)") × |" \
      "1/$(calc "$(of apache "$what" server_cpu_us_per_op) / $(of quoll "$what" server_cpu_us_per_op)") |"
  done
} | publish throughput

{
  echo "| | floor | Apache | Quoll |"
  echo "|---|---|---|---|"
  for what in "${loads[@]}"; do
    for side in read write; do
      case $what-$side in reads-write | one-read-write | writes-read | one-write-read | creates-read) continue ;; esac
      name=$(title "$what")
      [ "$what" != mixed ] || name+=", ${side}s"
      echo "| $name | $(latencies floor "$what" $side) | $(latencies apache "$what" $side) | $(latencies quoll "$what" $side) |"
    done
  done
} | publish latency

#!/bin/bash
# Measures the .NET client and its lock beside the C client and kazoo (Debian's packages), which do the same work on the same server by
# turns; medians of the rounds count. Prints Markdown.
# Needs libzookeeper-mt-dev, libzookeeper-st2 and python3-kazoo.
#   bench/clients.sh [--quick] [--write] [--rounds N] [--seconds N] [part...]
# Parts: reads locks delays; all of them if none is named. --write puts the tables into docs/benchmarks.md.
cd "$(dirname "$0")/.."
. bench/lib.sh
rounds=3
seconds=3
parts=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1 rounds=1 seconds=2 ;;
    --write) write=1 ;;
    --rounds) rounds=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    *) parts+=("$1") ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] || parts=(reads locks delays)
delay=20   # milliseconds, one way
proxy_port=29189

build_all
say "building the clients"
gcc -O2 -DTHREADED -o "$work/zkclient-mt" bench/zkclient.c -l:libzookeeper_mt.so.2 -lpthread
gcc -O2 -o "$work/zkclient-st" bench/zkclient.c -l:libzookeeper_st.so.2 -lpthread
dotnet build --configuration Release bench/Quoll.Benchmarks --verbosity quiet > /dev/null
start quoll
mkdir -p "$work/unsynced"
artifacts/publish/Quoll.Cli/release/quoll serve --set "dataDir=$work/unsynced" --set clientPort=29188 --set forceSync=no \
  --set admin.enableServer=false > "$work/unsynced/out" 2>&1 &
pid[unsynced]=$!
load quoll -c 1 -w 1 -t 1 -r 50 -s 1024 -k 10 > /dev/null   # leaves znodes of 1 KB
address=127.0.0.1:${port[quoll]}

quoll_client() { dotnet artifacts/bin/Quoll.Benchmarks/release/Quoll.Benchmarks.dll client "$@"; }
kazoo() { /usr/bin/python3 bench/kazooload.py "$@"; }

# Fields of all rounds: name, then who did it.
note() { # name who
  tee -a "$work/$1.$2.lines" | sed "s/^/$1 $2 /" >&2
}

of() { # name who field
  sed -n "s/.*\<$3=\([^ ]*\).*/\1/p" "$work/$1.$2.lines" | median
}

rate() { # name who: operations a second, median
  awk '{ split($1, o, "="); split($2, s, "="); print o[2] / s[2] }' "$work/$1.$2.lines" | median | xargs printf '%.0f'
}

per_cpu() { # name who: operations for each second of the client's CPU, median
  awk '{ split($1, o, "="); split($3, c, "="); print o[2] / c[2] }' "$work/$1.$2.lines" | median | xargs printf '%.0f'
}

both() { echo "$(rate "$@") | $(per_cpu "$@")"; }

run_reads() {
  local round outstanding name path=/load/k0000000
  for round in $(seq "$rounds"); do
    for outstanding in 1 64 1000; do
      "$work/zkclient-mt" "$address" "$path" "$outstanding" "$seconds" | note "reads$outstanding" mt
      "$work/zkclient-st" "$address" "$path" "$outstanding" "$seconds" | note "reads$outstanding" st
      kazoo "$address" reads "$path" "$outstanding" "$seconds" | note "reads$outstanding" kazoo
      quoll_client "$address" reads "$path" "$outstanding" "$seconds" | note "reads$outstanding" quoll
    done
  done

  {
    echo "| outstanding | C, with threads, /s | per CPU s | C, without, /s | per CPU s | kazoo /s | per CPU s | Quoll.Client /s | per CPU s | to the better of C | bytes allocated beyond the data |"
    echo "|---|---|---|---|---|---|---|---|---|---|---|"
    for outstanding in 1 64 1000; do
      name=reads$outstanding
      echo "| $outstanding | $(both "$name" mt) | $(both "$name" st) | $(both "$name" kazoo) | $(both "$name" quoll)" \
        "| $(calc "$(per_cpu "$name" quoll) / $(printf '%s\n' "$(per_cpu "$name" mt)" "$(per_cpu "$name" st)" | sort -n | tail -n 1)") ×" \
        "| $(of "$name" quoll bytes) |"
    done
  } | publish client-reads
}

run_locks() {
  local round outstanding name
  for round in $(seq "$rounds"); do
    for outstanding in 1 64; do
      kazoo "$address" locks /locks/kazoo "$outstanding" "$seconds" | note "locks$outstanding" kazoo
      quoll_client "$address" locks /locks/quoll "$outstanding" "$seconds" | note "locks$outstanding" quoll
    done
    kazoo 127.0.0.1:29188 locks /locks/kazoo 1 "$seconds" | note locks-unsynced kazoo
    quoll_client 127.0.0.1:29188 locks /locks/quoll 1 "$seconds" | note locks-unsynced quoll
  done

  {
    echo "| acquired and released at a time | kazoo /s | per CPU s | Quoll.Recipes /s | per CPU s | to kazoo | per CPU s |"
    echo "|---|---|---|---|---|---|---|"
    for name in locks1 locks-unsynced locks64; do
      case $name in locks1) outstanding=1 ;; locks64) outstanding=64 ;; *) outstanding="1, on a server that does not sync" ;; esac
      echo "| $outstanding | $(both "$name" kazoo) | $(both "$name" quoll) | $(calc "$(rate "$name" quoll) / $(rate "$name" kazoo)") ×" \
        "| $(calc "$(per_cpu "$name" quoll) / $(per_cpu "$name" kazoo)") × |"
    done
  } | publish client-locks
}

run_delays() {
  dotnet artifacts/bin/Quoll.Benchmarks/release/Quoll.Benchmarks.dll client "$address" proxy "$proxy_port" "$delay" > /dev/null &
  pid[proxy]=$!
  until (: < "/dev/tcp/127.0.0.1/$proxy_port") 2> /dev/null; do sleep 0.1; done
  kazoo "127.0.0.1:$proxy_port" delays /delays/kazoo "$delay" $((quick ? 3 : 11)) | note delays kazoo
  quoll_client "127.0.0.1:$proxy_port" delays /delays/quoll "$delay" $((quick ? 3 : 11)) | note delays quoll
  stop proxy
  {
    echo "| one-way delays | kazoo | Quoll.Recipes |"
    echo "|---|---|---|"
    echo "| acquire, uncontended | $(of delays kazoo acquire) | $(of delays quoll acquire) |"
    echo "| release | $(of delays kazoo release) | $(of delays quoll release) |"
    echo "| from the release's call to the next holder, who waited for the first | $(of delays kazoo hand_over) | $(of delays quoll hand_over) |"
    echo "| the same, for one who had waited behind another | | $(of delays quoll later) |"
  } | publish client-delays
}

for part in "${parts[@]}"; do
  case $part in
    reads) run_reads ;;
    locks) run_locks ;;
    delays) run_delays ;;
    *) echo "no such part: $part" >&2; exit 2 ;;
  esac
done

#!/bin/bash
# Measures three servers of Quoll beside three of Apache ZooKeeper (Debian's package), on one machine: speed under load, the time without a
# leader, and how long a follower takes to be back. Prints Markdown.
#   bench/ensemble.sh [--quick] [--write] [--rounds N] [part...]
# Parts: load failover failover-large rejoin; all of them if none is named. --write puts the tables into docs/benchmarks.md.
cd "$(dirname "$0")/.."
. bench/lib.sh
kinds=(apache quoll)
rounds=3
parts=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1 rounds=1 ;;
    --write) write=1 ;;
    --rounds) rounds=$2; shift ;;
    *) parts+=("$1") ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] || parts=(load failover failover-large rejoin)
million=1000000
failures=10
[ -z "$quick" ] || million=100000 failures=3
servers=(1 2 3)

base_of() { case $1 in apache) echo 29200 ;; quoll) echo 29600 ;; esac; }

name_of() { case $1 in apache) echo Apache ;; quoll) echo Quoll ;; esac; }

home_of() { echo "$work/$1-$2"; }

client_port() { echo $(($(base_of "$1") + $2)); }

configure_all() { # kind
  local i j
  for i in "${servers[@]}"; do
    configure "$(home_of "$1" "$i")" "$(client_port "$1" "$i")" "$1"
    mkdir -p "$(home_of "$1" "$i")/data"
    echo "$i" > "$(home_of "$1" "$i")/data/myid"
    {
      echo "initLimit=30"
      echo "syncLimit=5"
      for j in "${servers[@]}"; do echo "server.$j=127.0.0.1:$(($(base_of "$1") + 100 + j)):$(($(base_of "$1") + 200 + j))"; done
    } >> "$(home_of "$1" "$i")/zoo.cfg"
  done
}

begin() { # kind server: starts one
  local home
  home=$(home_of "$1" "$2")
  case $1 in
    apache)
      java -Xmx${HEAP:-2g} -Dzookeeper.admin.enableServer=false -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
        -cp /usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar \
        org.apache.zookeeper.server.quorum.QuorumPeerMain "$home/zoo.cfg" >> "$home/out" 2>&1 & ;;
    quoll) artifacts/publish/Quoll.Cli/release/quoll serve "$home/zoo.cfg" >> "$home/out" 2>&1 & ;;
  esac
  pid[$1-$2]=$!
}

kill_one() { # kind server
  kill -9 "${pid[$1-$2]}" 2>/dev/null || true
  wait "${pid[$1-$2]}" 2>/dev/null || true
  unset "pid[$1-$2]"
}

mode_of() { # kind server: leader, follower, or nothing while it does not serve
  { exec 3<> "/dev/tcp/127.0.0.1/$(client_port "$1" "$2")" && printf srvr >&3 && timeout 5 cat <&3 | sed -n 's/^Mode: //p'; } 2>/dev/null || true
}

await_mode() { # kind server leader|follower...: until it serves as one of these
  local tries
  for tries in $(seq 12000); do
    [[ " ${*:3} " != *" $(mode_of "$1" "$2") "* ]] || return 0
    sleep 0.01
  done
  echo "$1 $2 did not become ${*:3}:" >&2
  tail -n 5 "$(home_of "$1" "$2")/out" >&2
  exit 1
}

await_all() { local i; for i in "${servers[@]}"; do await_mode "$1" "$i" leader follower; done; }

leader_of() { local i; for i in "${servers[@]}"; do [ "$(mode_of "$1" "$i")" != leader ] || echo "$i"; done; }

begin_all() { # kind
  local i
  configure_all "$1"
  for i in "${servers[@]}"; do begin "$1" "$i"; done
  await_all "$1"
}

end_all() { # kind
  local i
  for i in "${servers[@]}"; do
    kill_one "$1" "$i"
    rm -rf "$(home_of "$1" "$i")"
  done
}

pids_of() { echo "${pid[$1-1]},${pid[$1-2]},${pid[$1-3]}"; }

load_all() { # kind, then the load: at all three servers
  local kind=$1 hosts
  shift
  hosts=$(for i in "${servers[@]}"; do echo "127.0.0.1:$(client_port "$kind" "$i")"; done | paste -sd,)
  "$work/zkload" -h "$hosts" -P "$(pids_of "$kind")" "$@"
}

load_one() { # kind server, then the load
  local kind=$1 server=$2
  shift 2
  "$work/zkload" -h "127.0.0.1:$(client_port "$kind" "$server")" -P "${pid[$kind-$server]}" "$@"
}

of() { sed -n "s/.* $3=\([^ ]*\).*/\1/p" "$work/$2.$1.lines" | median; } # kind load field

options_of() {
  case $1 in
    reads) echo "-c 60 -w 20 -r 100" ;;
    writes) echo "-c 60 -w 20 -r 0" ;;
    "half and half") echo "-c 60 -w 20 -r 50" ;;
    "one session, one write") echo "-c 1 -w 1 -r 0" ;;
  esac
}

load_part() {
  local loads=(writes reads "half and half" "one session, one write") what kind round side
  for kind in "${kinds[@]}"; do
    begin_all "$kind"
    load_all "$kind" -c 60 -w 20 -t $((quick ? 2 : 8)) -r 50 -s 1024 -k 1000 > /dev/null   # warms up
  done
  for what in "${loads[@]}"; do
    for round in $(seq "$rounds"); do
      for kind in "${kinds[@]}"; do
        # shellcheck disable=SC2046
        load_all "$kind" $(options_of "$what") -t $((quick ? 2 : 5)) -s 1024 -k 1000 | tee -a "$work/$what.$kind.lines" | sed "s/^/$kind $what /" >&2
      done
    done
  done
  echo "| | Apache /s | µs CPU | p50 / p99 µs | Quoll /s | µs CPU | p50 / p99 µs | Quoll to Apache | CPU |"
  echo "|---|---|---|---|---|---|---|---|---|"
  for what in "${loads[@]}"; do
    side=write
    [ "$what" != reads ] || side=read
    echo -n "| $what |"
    for kind in "${kinds[@]}"; do
      echo -n " $(of "$kind" "$what" ops_per_s) | $(of "$kind" "$what" server_cpu_us_per_op)" \
        "| $(of "$kind" "$what" ${side}_p50_us) / $(of "$kind" "$what" ${side}_p99_us) |"
    done
    echo " $(calc "$(of quoll "$what" ops_per_s) / $(of apache "$what" ops_per_s)") × |" \
      "1/$(calc "$(of apache "$what" server_cpu_us_per_op) / $(of quoll "$what" server_cpu_us_per_op)") |"
  done
  echo -n "| resident, all three, under writes |"
  for kind in "${kinds[@]}"; do echo -n " $(megabytes "$(of "$kind" writes rss_kb)") | | |"; done
  echo " 1/$(calc "$(of apache writes rss_kb) / $(of quoll writes rss_kb)") | |"
  for kind in "${kinds[@]}"; do end_all "$kind"; done
}

failover() { # znodes
  local kind round line ports
  echo "| $1 znodes; leader killed, until a write succeeds | median of $failures | shortest | longest | sessions lost |"
  echo "|---|---|---|---|---|"
  for kind in "${kinds[@]}"; do
    begin_all "$kind"
    [ "$1" = 0 ] || load_all "$kind" -c 50 -w 20 -t 0 -o fill -n "$1" -k 1000 -g $(($1 / 1000)) -s 100 -p /fill > /dev/null
    rm -f "$work/failures"
    ports=$(for i in "${servers[@]}"; do client_port "$kind" "$i"; done | paste -sd,)
    for round in $(seq "$failures"); do
      line=$(python3 bench/failover.py "$(pids_of "$kind")" "$ports")
      say "$kind $1 $line"
      echo "$line" >> "$work/failures"
      kill_one "$kind" "$(field "$line" leader)"
      begin "$kind" "$(field "$line" leader)"
      await_all "$kind"
      sleep 1
    done
    sed -n 's/ms=\([0-9]*\).*/\1/p' "$work/failures" | sort -n > "$work/times"
    echo "| $(name_of "$kind") | $(median < "$work/times") ms | $(head -n 1 "$work/times") ms | $(tail -n 1 "$work/times") ms" \
      "| $(sed -n 's/.*expired=\([0-9]*\).*/\1/p' "$work/failures" | awk '{ sum += $1 } END { print sum }') |"
    end_all "$kind"
  done
}

timed_begin() { # kind server: sets $took to the milliseconds until it is in sync
  local began
  began=$(date +%s%N)
  begin "$1" "$2"
  await_mode "$1" "$2" follower
  took=$((($(date +%s%N) - began) / 1000000))
}

rejoin() {
  local kind leader follower by_log by_diff whole calm line
  echo "| a follower with $million znodes, from its start to being in sync | nothing happened meanwhile | 20,000 changes meanwhile" \
    "| its disk is empty | leader's writes p99.9, calm / while it sends the tree | reads p99.9 |"
  echo "|---|---|---|---|---|---|"
  for kind in "${kinds[@]}"; do
    begin_all "$kind"
    load_all "$kind" -c 50 -w 20 -t 0 -o fill -n "$million" -k 1000 -g $((million / 1000)) -s 100 -p /fill > /dev/null
    load_all "$kind" -c 60 -w 20 -t 3 -r 50 -s 1024 -k 1000 > /dev/null   # warms up
    leader=$(leader_of "$kind")
    follower=$((leader % 3 + 1))

    kill_one "$kind" "$follower"
    timed_begin "$kind" "$follower"
    by_log=$took
    kill_one "$kind" "$follower"
    load_one "$kind" "$leader" -c 50 -w 20 -t 0 -o fill -n 20000 -k 100 -g 200 -s 100 -p "/more" > /dev/null
    timed_begin "$kind" "$follower"
    by_diff=$took

    calm=$(load_one "$kind" "$leader" -c 4 -w 4 -t $((quick ? 3 : 10)) -r 50 -s 1024 -k 1000)
    kill_one "$kind" "$follower"
    rm -rf "$(home_of "$kind" "$follower")/data/version-2"
    load_one "$kind" "$leader" -c 4 -w 4 -t $((quick ? 3 : 10)) -r 50 -s 1024 -k 1000 > "$work/line" &
    line=$!
    timed_begin "$kind" "$follower"
    whole=$took
    wait "$line"
    line=$(cat "$work/line")
    say "$kind log $by_log diff $by_diff snap $whole; calm $calm; meanwhile $line"
    echo "| $(name_of "$kind") | $(calc "$by_log / 1000" "%.2f s") | $(calc "$by_diff / 1000" "%.2f s") | $(calc "$whole / 1000" "%.2f s")" \
      "| $(field "$calm" write_p999_us) / $(field "$line" write_p999_us) µs | $(field "$calm" read_p999_us) / $(field "$line" read_p999_us) µs |"
    end_all "$kind"
  done
}

build_all
for part in "${parts[@]}"; do
  say "$part"
  case $part in
    load) load_part | publish ensemble ;;
    failover) failover 0 | publish failover ;;
    failover-large) failover "$million" | publish failover-large ;;
    rejoin) rejoin | publish rejoin ;;
    *) echo "no such part: $part" >&2; exit 2 ;;
  esac
done

# For the scripts beside it: builds, starts and stops the servers, and writes tables into the page. Sourced from the repository's root.
set -euo pipefail
work=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/quoll-bench.XXXXXX")
page=docs/benchmarks.md
write=
quick=
declare -A pid port snap_count
pid=()

clean_up() {
  local kind
  for kind in "${!pid[@]}"; do kill -9 "${pid[$kind]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

say() { echo "$(date +%T) $*" >&2; }

build_all() {
  say "building"
  dotnet publish --configuration Release src/Quoll.Cli --verbosity quiet >/dev/null
  gcc -O2 -w -o "$work/zkload" bench/zkload.c
  gcc -O2 -o "$work/zkscale" bench/zkscale.c
  gcc -O2 -w -o "$work/nullzk" bench/nullzk.c -lpthread
}

# What was measured on what: a line under each table.
circumstances() {
  local cpu apache
  cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
  apache=$(dpkg-query --show --showformat='${Version}' zookeeper 2>/dev/null || echo unknown)
  echo "_$(date -u +%F), $(nproc) cores of $cpu, Linux $(uname -r), .NET $(dotnet --list-runtimes | sed -n 's/^Microsoft.NETCore.App \([^ ]*\).*/\1/p' | tail -n 1)," \
    "Apache ZooKeeper $apache on Java $(java -version 2>&1 | sed -n '1s/.*"\(.*\)".*/\1/p'), Quoll $(sed -n 's/.*<Version>\(.*\)<.*/\1/p' Directory.Build.props)${quick:+; a quick run}._"
}

configure() { # directory port kind
  mkdir -p "$1"
  printf '%s\n' tickTime=2000 maxSessionTimeout=600000 "dataDir=$1/data" "clientPort=$2" clientPortAddress=127.0.0.1 maxClientCnxns=0 \
    admin.enableServer=false '4lw.commands.whitelist=*' autopurge.purgeInterval=1 > "$1/zoo.cfg"
  [ -z "${snap_count[$3]:-}" ] || echo "snapCount=${snap_count[$3]}" >> "$1/zoo.cfg"
}

launch() { # floor | apache | quoll: sets ${pid[..]}, ${port[..]} and $began
  local home=$work/$1
  mkdir -p "$home"
  case $1 in floor) port[$1]=29181 ;; apache) port[$1]=29182 ;; quoll) port[$1]=29183 ;; esac
  [ "$1" = floor ] || configure "$home" "${port[$1]}" "$1"
  began=$(date +%s%N)
  case $1 in
    floor) "$work/nullzk" "${port[$1]}" 1024 "$home/log" & ;;
    apache)
      java -Xmx${HEAP:-2g} -Dzookeeper.admin.enableServer=false -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -cp /usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar \
        org.apache.zookeeper.server.quorum.QuorumPeerMain "$home/zoo.cfg" > "$home/out" 2>&1 & ;;
    quoll) artifacts/publish/Quoll.Cli/release/quoll serve "$home/zoo.cfg" > "$home/out" 2>&1 & ;;
  esac
  pid[$1]=$!
}

start() { # kind [path that must be read]: sets $ready to the milliseconds that it took, and $resident
  local line
  launch "$1"
  if ! line=$(scale "$1" ready -p "${2:-/}" -b "$began"); then
    echo "$1 did not start:" >&2
    tail -n 5 "$work/$1/out" >&2
    exit 1
  fi
  ready=$(field "$line" ms)
  resident=$(field "$line" rss_kb)
}

stop() {
  kill "${pid[$1]}"
  wait "${pid[$1]}" 2>/dev/null || true
  unset "pid[$1]"
}

forget() { rm -rf "${work:?}/$1"; }

load() { # kind, then the load
  local kind=$1
  shift
  "$work/zkload" -h "127.0.0.1:${port[$kind]}" -P "${pid[$kind]}" "$@"
}

scale() { # kind command, then its options
  local kind=$1 command=$2
  shift 2
  "$work/zkscale" "$command" "127.0.0.1:${port[$kind]}" -P "${pid[$kind]}" "$@"
}

field() { tr ' ' '\n' <<< "$1" | sed -n "s/^$2=//p"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

calc() { awk "BEGIN { printf \"${2:-%.1f}\", $1 }"; }

megabytes() { calc "$1 / 1024" "%.0f MB"; }

# Prints a table read from standard input and, with --write, puts it into the page between its markers.
publish() { # name
  local file=$work/$1.md
  { cat; echo; circumstances; } > "$file"
  cat "$file"
  echo
  [ -n "$write" ] || return 0
  grep -q "^<!-- $1 -->$" "$page" || { echo "$page has no place for $1" >&2; exit 1; }
  sed -i -e "/^<!-- $1 -->$/,/^<!-- end of $1 -->$/{//!d}" -e "/^<!-- $1 -->$/r $file" "$page"
}

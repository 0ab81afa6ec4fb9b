#!/bin/bash
# Measures the shell's commands, beside zkCli.sh where that has them, on one server of each kind; medians of the rounds. Prints Markdown.
#   bench/shell.sh [--quick] [--write] [--rounds N] [part...]
# Parts: get list archive; all of them if none is named. --write puts the tables into docs/shell.md.
cd "$(dirname "$0")/.."
. bench/lib.sh
page=docs/shell.md
rounds=5
wide=1000   # an archive has so many znodes squared
parts=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1 rounds=3 wide=100 ;;
    --write) write=1 ;;
    --rounds) rounds=$2; shift ;;
    *) parts+=("$1") ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] || parts=(get list archive)
quoll=artifacts/publish/Quoll.Cli/release/quoll
zkcli=/usr/share/zookeeper/bin/zkCli.sh

build_all
dotnet build --configuration Release bench/Quoll.Benchmarks --verbosity quiet > /dev/null
start quoll
start apache

# Runs a command: prints its seconds of wall time, and the most memory that it had, in kB.
measure() {
  python3 - "$@" <<'END'
import resource, subprocess, sys, time
began = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
took = time.monotonic() - began
if done.returncode != 0:
    sys.exit(f"{sys.argv[1:]}: {done.returncode}\n{done.stderr.decode()}")
print(f"{took:.3f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
END
}

seconds() { # file of measurements
  awk '{ print $1 }' "$1" | median
}

memory() { megabytes "$(awk '{ print $2 }' "$1" | median)"; }

repeat() { # name command...
  local name=$1 round
  shift
  for round in $(seq "$rounds"); do measure "$@" >> "$work/$name.runs"; done
  say "$name: $(seconds "$work/$name.runs") s, $(memory "$work/$name.runs")"
}

# Lines as export writes them: a znode with so many children, each with so many.
archive() { # width depth2
  awk -v w="$1" -v d="$2" 'BEGIN {
    print "{\"path\":\"\",\"data\":\"\"}"
    for (i = 0; i < w; i++) {
      printf "{\"path\":\"/n%04d\",\"data\":\"\"}\n", i
      for (j = 0; j < d; j++) printf "{\"path\":\"/n%04d/n%04d\",\"data\":\"some data of a znode, as they are: short\"}\n", i, j
    }
  }'
}

kinds="quoll apache"
at() { echo "127.0.0.1:${port[$1]}"; }

run_get() {
  local kind
  for kind in $kinds; do
    "$quoll" create --server "$(at "$kind")" /x value > /dev/null
    repeat "get-$kind" "$quoll" get --server "$(at "$kind")" /x
    repeat "zkcli-get-$kind" "$zkcli" -server "$(at "$kind")" get /x
  done
  {
    echo "| one command, start and session included | on Quoll | on Apache |"
    echo "|---|---|---|"
    echo "| \`quoll get /x\` | $(seconds "$work/get-quoll.runs") s, $(memory "$work/get-quoll.runs") | $(seconds "$work/get-apache.runs") s, $(memory "$work/get-apache.runs") |"
    echo "| \`zkCli.sh get /x\` | $(seconds "$work/zkcli-get-quoll.runs") s, $(memory "$work/zkcli-get-quoll.runs") | $(seconds "$work/zkcli-get-apache.runs") s, $(memory "$work/zkcli-get-apache.runs") |"
  } | publish shell-get
}

run_list() {
  local kind round
  archive 100 1000 > "$work/tree.jsonl"
  for kind in $kinds; do
    "$quoll" import --server "$(at "$kind")" /tree -f "$work/tree.jsonl" > /dev/null
    for round in $(seq "$rounds"); do
      field "$(dotnet artifacts/bin/Quoll.Benchmarks/release/Quoll.Benchmarks.dll client "$(at "$kind")" lists /tree 2048)" seconds >> "$work/reads-$kind.runs"
    done
    repeat "start-$kind" "$quoll" get --server "$(at "$kind")" /tree
    repeat "list-$kind" "$quoll" ls -R --server "$(at "$kind")" /tree
    repeat "zkcli-list-$kind" "$zkcli" -server "$(at "$kind")" ls -R /tree
  done
  {
    echo "| 100,101 znodes | on Quoll | on Apache |"
    echo "|---|---|---|"
    echo "| the reads alone, 2,048 at a time | $(seconds "$work/reads-quoll.runs") s | $(seconds "$work/reads-apache.runs") s |"
    for kind in list zkcli-list; do
      [ $kind = list ] && echo -n "| \`quoll ls -R /tree\`" || echo -n "| \`zkCli.sh ls -R /tree\`"
      for of in quoll apache; do
        echo -n " | $(seconds "$work/$kind-$of.runs") s, $(calc "$(seconds "$work/$kind-$of.runs") / $(seconds "$work/reads-$of.runs")") × the reads"
      done
      echo " |"
    done
    echo -n "| \`quoll ls -R /tree\`, without the start"
    for of in quoll apache; do
      took=$(awk -v all="$(seconds "$work/list-$of.runs")" -v start="$(seconds "$work/start-$of.runs")" 'BEGIN { printf "%.3f", all - start }')
      echo -n " | $took s, $(calc "$took / $(seconds "$work/reads-$of.runs")") × the reads"
    done
    echo " |"
  } | publish shell-list
}

run_archive() {
  local kind round
  archive "$wide" "$wide" > "$work/large.jsonl"
  for kind in $kinds; do
    for round in $(seq "$rounds"); do
      measure "$quoll" import --server "$(at "$kind")" /large -f "$work/large.jsonl" >> "$work/import-$kind.runs"
      measure "$quoll" export --server "$(at "$kind")" /large -f "$work/out.jsonl" >> "$work/export-$kind.runs"
      cmp -s "$work/large.jsonl" "$work/out.jsonl" || { echo "what was exported is not what was imported" >&2; exit 1; }
      measure "$quoll" deleteall --yes --server "$(at "$kind")" /large >> "$work/delete-$kind.runs"
      say "$kind: import $(tail -n 1 "$work/import-$kind.runs"), export $(tail -n 1 "$work/export-$kind.runs")"
    done
  done
  {
    echo "| $(wc -l < "$work/large.jsonl") znodes | on Quoll | on Apache |"
    echo "|---|---|---|"
    for what in import export delete; do
      echo "| \`quoll ${what/delete/deleteall}\` | $(seconds "$work/$what-quoll.runs") s, $(memory "$work/$what-quoll.runs") | $(seconds "$work/$what-apache.runs") s, $(memory "$work/$what-apache.runs") |"
    done
  } | publish shell-archive
}

for part in "${parts[@]}"; do
  "run_$part"
done

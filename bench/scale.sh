#!/bin/bash
# Measures sizes of Quoll beside Apache ZooKeeper (Debian's package): memory, starts, watches, idle sessions, crowded parents, and
# what a snapshot does to those who are being served. Prints Markdown.
#   bench/scale.sh [--quick] [--write] [--no-apache] [part...]
# Parts: empty znodes znodes10 watches children idle snapshots snapshots5. All but those of many millions if none is named; --quick is a tenth
# of everything. --write puts the tables into docs/benchmarks.md.
cd "$(dirname "$0")/.."
. bench/lib.sh
kinds=(apache quoll)
parts=()
for argument in "$@"; do
  case $argument in
    --quick) quick=1 ;;
    --write) write=1 ;;
    --no-apache) kinds=(quoll) ;;
    *) parts+=("$argument") ;;
  esac
done
[ ${#parts[@]} -gt 0 ] || parts=(empty znodes watches children idle snapshots)
million=1000000
[ -z "$quick" ] || million=100000

fill() { # kind znodes parents znodes-of-a-parent prefix
  load "$1" -c 50 -w 20 -t 0 -o fill -n "$2" -k "$3" -g "$4" -s 100 -p "$5"
}

name_of() { case $1 in floor) echo floor ;; apache) echo Apache ;; quoll) echo Quoll ;; esac; }

empty() {
  echo "| empty server | start to first answer, median of 5 | resident then |"
  echo "|---|---|---|"
  for kind in "${kinds[@]}"; do
    rm -f "$work/starts" "$work/residents"
    for _ in 1 2 3 4 5; do
      start "$kind"
      echo "$ready" >> "$work/starts"
      echo "$resident" >> "$work/residents"
      stop "$kind"
    done
    echo "| $(name_of "$kind") | $(median < "$work/starts") ms | $(megabytes "$(median < "$work/residents")") |"
    forget "$kind"
  done
}

znodes() { # how many
  local last
  printf -v last '/fill/d%04d/n%08d' $((($1 - 1) / ($1 / 1000) % 1000)) $(($1 - 1))
  echo "| $1 znodes of 100 B in 1,000 parents | resident after the load | start to first answer | resident then |"
  echo "|---|---|---|---|"
  for kind in "${kinds[@]}"; do
    start "$kind"
    filled=$(fill "$kind" "$1" 1000 $(($1 / 1000)) /fill)
    say "$kind $filled"
    stop "$kind"
    start "$kind" "$last"
    stop "$kind"
    echo "| $(name_of "$kind") | $(megabytes "$(field "$filled" rss_kb)") | $(calc "$ready / 1000" "%.2f s") | $(megabytes "$resident") |"
    forget "$kind"
  done
}

watches() {
  echo "| $million watches on $((million / 100)) paths by 100 sessions | memory more | CPU to set one | one change that fires 100, p50 / p99" \
    "| that fires 1 | that fires none | CPU per event |"
  echo "|---|---|---|---|---|---|---|"
  for kind in "${kinds[@]}"; do
    start "$kind"
    line=$(scale "$kind" watch -c 100 -n $((million / 100)) -T 600000)
    say "$kind $line"
    stop "$kind"
    echo "| $(name_of "$kind") | $(megabytes "$(field "$line" more_kb)") | $(field "$line" cpu_us_per_watch) µs" \
      "| $(field "$line" all_p50_us) / $(field "$line" all_p99_us) µs | $(field "$line" one_p50_us) / $(field "$line" one_p99_us) µs" \
      "| $(field "$line" none_p50_us) / $(field "$line" none_p99_us) µs" \
      "| $(calc "($(field "$line" all_cpu_us) - $(field "$line" none_cpu_us)) / 100") µs |"
    forget "$kind"
  done
}

children() {
  echo "| µs CPU each, among $million znodes | resident | create | exists | delete | operations/s |"
  echo "|---|---|---|---|---|---|"
  for kind in "${kinds[@]}"; do
    for parents in 1 10000; do
      start "$kind"
      fill "$kind" "$million" "$parents" $((parents == 1 ? million : million / 10000)) /full > "$work/filled"
      line=$(scale "$kind" children -p /full -k $((parents == 1 ? 1 : 1000)) -n $((million / 10)))
      say "$kind $line"
      stop "$kind"
      forget "$kind"
      echo "| $(name_of "$kind"), $((parents == 1 ? million : million / 10000)) children in a parent" \
        "| $(megabytes "$(field "$(cat "$work/filled")" rss_kb)") | $(field "$line" create_cpu_us) | $(field "$line" exists_cpu_us)" \
        "| $(field "$line" delete_cpu_us)" \
        "| $(field "$line" create_per_s), $(field "$line" exists_per_s), $(field "$line" delete_per_s) |"
    done
  done
}

idle() {
  local sessions=$((million / 100))
  echo "| $sessions idle sessions, a ping every 10 s each | opened in | of a core | CPU per ping | resident more, each |"
  echo "|---|---|---|---|---|"
  for kind in floor "${kinds[@]}"; do
    start "$kind"
    load "$kind" -c 50 -w 20 -t 3 -r 50 -s 1024 -k 1000 > /dev/null   # warms up
    line=$(scale "$kind" idle -c "$sessions" -t $((quick ? 10 : 30)) -T 30000)
    say "$kind $line"
    stop "$kind"
    forget "$kind"
    echo "| $(name_of "$kind") | $(field "$line" opened_s) s | $(field "$line" core_percent) % | $(field "$line" cpu_us_per_ping) µs" \
      "| $(field "$line" kb_each) KB |"
  done
}

# The same loads without a snapshot, and with one after another (at Apache's default of one per 100,000 transactions): one that keeps both
# cores busy, for what the clients see, and a lighter one beside a session that pings each millisecond, for the server's pauses.
under_load() { # kind: sets $line and $probed
  local seconds=$((quick ? 6 : 15))
  load "$1" -c 50 -w 20 -t 3 -r 50 -s 1024 -k 1000 > /dev/null
  line=$(load "$1" -c 50 -w 20 -t "$seconds" -r 50 -s 1024 -k 1000)
  load "$1" -c 4 -w 4 -t "$seconds" -r 50 -s 1024 -k 1000 > "$work/line" &
  probed=$(scale "$1" probe -t $((seconds - 1)))
  wait $!
  say "$1 $line"
  say "$1 $(cat "$work/line")"
  say "$1 $probed"
}

snapshots() { # znodes
  local mode
  echo "| $1 znodes; half reads, half writes | operations/s | reads p99.9 | writes p99.9 | lighter load: ping p99.9 | longest ping" \
    "| the probe's own longest delay | snapshots finished |"
  echo "|---|---|---|---|---|---|---|---|"
  for kind in "${kinds[@]}"; do
    snap_count[$kind]=1000000000
    start "$kind"
    fill "$kind" "$1" 1000 $(($1 / 1000)) /fill > /dev/null
    for mode in without with; do
      if [ $mode = with ]; then
        stop "$kind"
        snap_count[$kind]=100000
        start "$kind" /fill
      fi
      touch "$work/mark"
      sleep 1
      under_load "$kind"
      echo "| $(name_of "$kind"), $mode snapshots | $(field "$line" ops_per_s) | $(field "$line" read_p999_us) µs" \
        "| $(field "$line" write_p999_us) µs | $(field "$probed" p999_us) µs | $(calc "$(field "$probed" max_us) / 1000") ms" \
        "| $(calc "$(field "$probed" own_delay_max_us) / 1000") ms" \
        "| $(find "$work/$kind/data/version-2" -name 'snapshot.*' -newer "$work/mark" | wc -l) |"
    done
    snap_count[$kind]=
    stop "$kind"
    forget "$kind"
  done
}

build_all
for part in "${parts[@]}"; do
  say "$part"
  case $part in
    empty | watches | children | idle) $part | publish "$part" ;;
    znodes) znodes "$million" | publish znodes ;;
    znodes10) znodes $((million * 10)) | publish znodes10 ;;
    snapshots) snapshots "$million" | publish snapshots ;;
    snapshots5) snapshots $((million * 5)) | publish snapshots5 ;;
    *) echo "no such part: $part" >&2; exit 2 ;;
  esac
done

#!/bin/sh
# Runs fuzz targets, one process at a time, each for SECONDS of processor time in all:
#
#     tests/fuzz/run.sh build/fuzz 900                      every target, 15 minutes each
#     tests/fuzz/run.sh build/fuzz 86400 image tokenizer    these two, a day each
#
# Targets take turns of a minute. What was found is kept in BUILD/work/TARGET (corpus, crashes, log), and so is the time
# that was spent: a run that is killed is continued by the same command. Ends with 1 when an input crashed, leaked, broke a
# promise, took longer than 10 s or asked for more memory than inputs of this size justify, and does so still.
set -eu
build=$(cd "$1" && pwd)
seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
all="safetensors weights config tokenizer vocabulary image csv cavs study results self_test"
targets=${*:-$all}
work=$build/work
export TMPDIR="$work/files"
if [ -d /dev/shm ] && [ -w /dev/shm ]; then TMPDIR=$(mktemp -d /dev/shm/regard-fuzz-XXXXXX); fi
mkdir -p "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
[ -d "$work/seeds" ] || sh "$here/seeds.sh" "$work/seeds"

spent() { cat "$work/$1/seconds" 2>/dev/null || echo 0; }

# turn TARGET SECONDS: one process
turn() {
  folder=$work/$1
  mkdir -p "$folder/corpus" "$folder/crashes"
  dictionary=json max_len=8192
  case $1 in
    image) dictionary=image max_len=32768 ;;
    csv | study) dictionary=table ;;
    safetensors) max_len=16384 ;;
    tokenizer | vocabulary) max_len=6144 ;;
  esac
  set +e
  sh -c '"$@"; code=$?; times; exit $code' sh "$build/tests/fuzz/fuzz_$1" \
    -max_total_time="$2" -max_len=$max_len -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=96 \
    -dict="$here/dictionaries/$dictionary.dict" -artifact_prefix="$folder/crashes/" -print_final_stats=1 -reload=0 \
    -use_value_profile=0 "$folder/corpus" "$work/seeds/$1" >"$folder/times" 2>"$folder/output"
  code=$?
  set -e
  cpu=$(tail -n 1 "$folder/times" | tr 'ms' '  ' | awk '{print $1 * 60 + $2 + $3 * 60 + $4}')
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/output" | tail -n 1)
  coverage=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) corp: \([0-9]*\).*/\1 \2 \3/p' "$folder/output" | tail -n 1)
  echo "$cpu ${runs:-0} ${coverage:-0 0 0} $code" >>"$folder/log"
  awk '{total += $1} END {printf "%.0f\n", total}' "$folder/log" >"$folder/seconds"
  if [ "$code" != 0 ]; then
    cp "$folder/output" "$folder/output.$(wc -l <"$folder/log" | tr -d ' ')"
    grep -E 'ERROR|SUMMARY|broken promise|what\(\)|runtime error|Test unit written' "$folder/output" | cut -c 1-300 | sed "s/^/$1: /" || true
  fi
}

# A target that failed gets no further turn in this call: it would fail again.
more=yes
failing=" "
while [ -n "$more" ]; do
  more=""
  for target in $targets; do
    case $failing in *" $target "*) continue ;; esac
    left=$((seconds - $(spent "$target")))
    [ "$left" -gt 0 ] || continue
    [ "$left" -lt 60 ] || left=60
    turn "$target" "$left"
    [ "$code" = 0 ] || failing="$failing$target "
    more=yes
  done
done

failed=0
echo "target       processor s  executions  edges  features  corpus  failures"
for target in $targets; do
  awk -v target="$target" '
    {cpu += $1; runs += $2; if ($3 > edges) edges = $3; if ($4 > features) features = $4; corpus = $5; if ($6 != 0) failures++}
    END {printf "%-12s %11.0f  %10d  %5d  %8d  %6d  %8d\n", target, cpu, runs, edges, features, corpus, failures}' "$work/$target/log"
  # What failed once, maybe in a run before this one, is tried again.
  for input in "$work/$target/crashes"/*; do
    [ -f "$input" ] || continue
    if "$build/tests/fuzz/fuzz_$target" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=96 "$input" >/dev/null 2>&1; then
      echo "$target: $input is mended"
    else
      echo "$target: $input FAILS"
      failed=1
    fi
  done
done
exit $failed

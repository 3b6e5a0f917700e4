#!/bin/sh
# Runs the study of docs/study.md. Interrupt it as you like: started again, it goes on where it was.
#
#     docs/study/run.sh PROGRAM DATA OUT [STUDY..]
#
# PROGRAM is compare_methods, DATA a folder with sst2/dev872.tsv, sst_trees/dev_tokens.tsv,
# eraser_movies/movies_rationales.tsv and cifar10/test.bin, OUT a folder for results, tables and charts. Studies:
# short, full, trees, movies, images (default: all).
set -eu
here=$(dirname "$0")
program=$1 data=$2 out=$3
shift 3
[ $# -gt 0 ] || set -- short full trees movies images
mkdir -p "$out"

# compare NAME OPTION..: results, table, CSV, chart and page of one study
compare() {
  name=$1
  shift
  begin=$(date +%s)
  "$program" --samples 256 --resume "$out/$name.jsonl" --csv "$out/$name.csv" --svg "$out/$name.svg" \
    --html "$out/$name.html" --output "$out/$name.txt" "$@"
  echo "$name: $(($(date +%s) - begin)) s" | tee -a "$out/seconds.txt"
}

for study in "$@"; do
  case $study in
    short)
      compare short --data "$data/sst2/dev872.tsv" --max-players 15 --methods all --metrics all \
        --agreement-svg "$out/short-agreement.svg"
      ;;
    full)
      compare full --data "$data/sst2/dev872.tsv" --methods all \
        --metrics faithfulness,aopc,log-odds,curves,rank-agreement --agreement-svg "$out/full-agreement.svg"
      ;;
    trees)
      python3 "$here/prepare.py" trees "$data/sst_trees/dev_tokens.tsv" >"$out/trees.tsv"
      compare trees --data "$out/trees.tsv" --rationales rationale --methods all --metrics plausibility
      ;;
    movies)
      python3 "$here/prepare.py" movies "$data/eraser_movies/movies_rationales.tsv" >"$out/movies.tsv"
      compare movies --data "$out/movies.tsv" --rationales rationale --windows 1 --methods all \
        --metrics plausibility
      ;;
    images)
      compare images --data "$data/cifar10/test.bin" --limit 500 --methods all \
        --metrics faithfulness,aopc,curves,rank-agreement --agreement-svg "$out/images-agreement.svg"
      ;;
  esac
done

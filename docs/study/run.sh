#!/bin/sh
# Runs the study of docs/study.md. Interrupt it as you like: started again, it goes on where it was.
#
#     docs/study/run.sh PROGRAM DATA OUT [STUDY..]
#
# PROGRAM is compare_methods, DATA a folder with sst2/dev872.tsv, sst_trees/dev_tokens.tsv,
# eraser_movies/movies_rationales.tsv and cifar10/test.bin, OUT a folder for results, tables and charts. Studies:
# short, full, sides, movies, images (default: all).
set -eu
here=$(dirname "$0")
program=$1 data=$2 out=$3
shift 3
[ $# -gt 0 ] || set -- short full sides images movies
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
    short | full | sides)
      python3 "$here/prepare.py" sst2 "$data/sst2/dev872.tsv" "$data/sst_trees/dev_tokens.tsv" >"$out/sst2.tsv"
      ;;
    movies) python3 "$here/prepare.py" movies "$data/eraser_movies/movies_rationales.tsv" >"$out/movies.tsv" ;;
  esac
  case $study in
    short)
      compare short --data "$out/sst2.tsv" --rationales rationale --max-players 15 --methods all --metrics all \
        --agreement-svg "$out/short-agreement.svg"
      ;;
    full)
      compare full --data "$out/sst2.tsv" --rationales rationale --methods all \
        --metrics faithfulness,aopc,log-odds,curves,plausibility,rank-agreement \
        --agreement-svg "$out/full-agreement.svg"
      ;;
    sides)
      compare sides --data "$out/sst2.tsv" \
        --methods grad-attention-mutual,attention,attention-row-sum,grad-sam,grad-sam:received,random
      ;;
    movies)
      compare movies --data "$out/movies.tsv" --rationales rationale --limit 60 --windows 2 --methods all \
        --metrics plausibility
      ;;
    images)
      compare images --data "$data/cifar10/test.bin" --limit 500 --methods all \
        --metrics faithfulness,aopc,curves,rank-agreement --agreement-svg "$out/images-agreement.svg"
      ;;
  esac
done

#!/bin/sh
# Runs the studies of docs/concepts.md and draws their charts.
#
#     docs/study/concepts.sh PROGRAM DATA OUT
#
# PROGRAM is examples/concepts of a Release build, DATA a folder with what concept_inputs.py reads and
# textures/{banded,chequered,bubbly} (120 images each of the Describable Textures data set), OUT a folder for everything.
# PYTHON names an interpreter with NumPy and Pillow (default python3). Takes 10 minutes of one processor.
set -eu
here=$(dirname "$0")
program=$1 data=$2 out=$3
python=${PYTHON:-python3}
mkdir -p "$out"
"$python" "$here/concept_inputs.py" "$data" "$out/inputs"
in=$out/inputs

# score NAME OPTION..: a report as JSON
score() {
  name=$1
  shift
  "$program" "$@" --format json --output "$out/$name.json"
}

score colors --concept red="$in/colors/red" --concept green="$in/colors/green" --concept blue="$in/colors/blue" \
  --concept yellow="$in/colors/yellow" --random "$in/colors/random" --inputs "$in/photos/ship" --target ship --save "$out/colors"
score textures --concept banded="$data/textures/banded" --concept chequered="$data/textures/chequered" \
  --concept bubbly="$data/textures/bubbly" --random "$in/photos/random" --inputs "$in/photos/ship" --target ship --save "$out/textures"
for class in airplane automobile bird cat deer dog frog horse ship truck; do
  for kind in colors textures; do
    score "$kind-$class" --load "$out/$kind" --inputs "$in/photos/$class" --target "$class" --html "$out/$kind-$class.html" \
      --overlay "$out/$kind-maps-$class"
  done
done
words="--concept positive=$in/words/positive.txt --concept negative=$in/words/negative.txt --concept neutral=$in/words/neutral.txt
  --random $in/words/random.txt --inputs $in/sentences/positive.txt --target POSITIVE"
score words $words --html "$out/words.html"
score words-random $words --negatives random
score topics --concept world="$in/topics/world.txt" --concept sports="$in/topics/sports.txt" --concept business="$in/topics/business.txt" \
  --concept science="$in/topics/science.txt" --random "$in/topics/random.txt" --inputs "$in/sentences/positive.txt" --target POSITIVE

for kind in colors textures; do
  "$python" "$here/concept_charts.py" "$out/$kind.svg" airplane="$out/$kind-airplane.json" automobile="$out/$kind-automobile.json" \
    frog="$out/$kind-frog.json" ship="$out/$kind-ship.json"
done
"$python" "$here/concept_charts.py" "$out/words.svg" relative="$out/words.json" random="$out/words-random.json"
"$python" "$here/concept_charts.py" "$out/topics.svg" POSITIVE="$out/topics.json"

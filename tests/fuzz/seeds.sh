#!/bin/sh
# Makes the seed corpora from real files: tests/fuzz/seeds.sh FOLDER writes FOLDER/TARGET/*. Real are the bundled
# models, the golden files, and what stands in ../shared/data where there is such a folder.
set -eu
out=$1
cd "$(dirname "$0")/../.."
golden=tests/golden
shared=../shared/data
for target in safetensors weights config tokenizer vocabulary image csv study cavs results self_test; do
  mkdir -p "$out/$target"
  for file in tests/fuzz/seeds/"$target"/* tests/fuzz/regressions/"$target"/*; do
    if [ -f "$file" ]; then cp "$file" "$out/$target/"; fi
  done
done

# join OUT FILE..: the files, a line of four equals signs between two.
join() {
  joined=$1
  cat "$2" >"$joined"
  shift 2
  for part in "$@"; do
    printf '\n====\n' >>"$joined"
    cat "$part" >>"$joined"
  done
}

cp $golden/checkpoint/*.safetensors $golden/checkpoint/sharded/*.safetensors "$out/safetensors/" 2>/dev/null || true
for folder in "$golden"/bert/* "$golden"/vit/*; do
  if [ -f "$folder/model.safetensors" ] && [ "$(wc -c <"$folder/model.safetensors")" -lt 16000 ]; then
    name=$(basename "$(dirname "$folder")")-$(basename "$folder")
    cp "$folder/model.safetensors" "$out/safetensors/$name"
    # The fuzzer keeps what is longer from growing at all.
    if [ "$(wc -c <"$folder/model.safetensors")" -lt 8192 ]; then cp "$folder/model.safetensors" "$out/weights/$name"; fi
  fi
  if [ -f "$folder/config.json" ]; then
    join "$out/config/$(basename "$folder")" "$folder/config.json" \
      examples/models/vit-small-cifar10/preprocessor_config.json tests/fuzz/seeds/index.json
  fi
done
for model in bert-tiny-sst2 vit-small-cifar10; do
  cp "examples/models/$model/config.json" "$out/config/$model"
done
printf '\n' >"$out/nothing"
join "$out/config/preprocessor" "$out/nothing" examples/models/vit-small-cifar10/preprocessor_config.json

cp examples/models/bert-tiny-sst2/self_test.json "$out/self_test/"

# Vocabularies: the beginning of the bundled one, and lines from all over it.
head -n 60 examples/models/bert-tiny-sst2/vocab.txt >"$out/some-vocabulary"
{ printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n'; awk 'NR > 200 && NR % 97 == 0' examples/models/bert-tiny-sst2/vocab.txt; } \
  >"$out/other-vocabulary"
printf 'A gripping , funny film! na\303\257ve caf\303\251 \344\270\255\346\226\207 [MASK] unbelievably\n' >"$out/text"
for vocabulary in some other; do
  join "$out/vocabulary/$vocabulary" "$out/$vocabulary-vocabulary" "$out/text" \
    examples/models/bert-tiny-sst2/tokenizer_config.json
done
head -c 3000 README.md >"$out/readme"
join "$out/vocabulary/readme" "$out/other-vocabulary" "$out/readme"
for file in tests/fuzz/seeds/tokenizer/*; do
  join "$out/tokenizer/readme-$(basename "$file")" "$file" "$out/readme"
done
rm "$out/nothing" "$out/text" "$out/readme" "$out/some-vocabulary" "$out/other-vocabulary"

cp $golden/image/files/* "$out/image/"
cp examples/images/*.png "$out/image/"

if [ -d "$shared" ]; then
  for file in "$shared"/photos/*.jp*g "$shared"/photos/*.png; do
    if [ -f "$file" ] && [ "$(wc -c <"$file")" -lt 40000 ]; then cp "$file" "$out/image/"; fi
  done
  if [ -f "$shared/cifar10/test.bin" ]; then head -c 6146 "$shared/cifar10/test.bin" >"$out/study/cifar"; fi
  if [ -f "$shared/tokenizers/bert-base-uncased/tokenizer_config.json" ]; then
    head -n 40 "$shared/tokenizers/bert-base-uncased/vocab.txt" >"$out/v"
    printf 'text' >"$out/t"
    join "$out/vocabulary/shared" "$out/v" "$out/t" "$shared/tokenizers/bert-base-uncased/tokenizer_config.json"
    rm "$out/v" "$out/t"
  fi
  if [ -f "$shared/sst2/dev.tsv" ]; then head -n 12 "$shared/sst2/dev.tsv" >"$out/study/sst2"; fi
fi

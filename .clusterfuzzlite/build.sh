#!/bin/bash -eu
# Builds every target into $OUT, each with its seeds and its dictionary beside it, as ClusterFuzzLite and OSS-Fuzz
# expect: TARGET, TARGET_seed_corpus.zip, TARGET.dict.

cd "$SRC/tigress"
cargo fuzz build -O
built=fuzz/target/x86_64-unknown-linux-gnu/release
for seeds in fuzz/seeds/*/; do
    target=$(basename "$seeds")
    cp "$built/$target" "$OUT/"
    zip -q -j "$OUT/${target}_seed_corpus.zip" "$seeds"*
    if [[ -d fuzz/regressions/$target ]]; then
        zip -q -j "$OUT/${target}_seed_corpus.zip" "fuzz/regressions/$target/"*
    fi
    if [[ -f fuzz/dictionaries/$target.dict ]]; then
        cp "fuzz/dictionaries/$target.dict" "$OUT/"
    fi
done

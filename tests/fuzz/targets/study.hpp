// SPDX-License-Identifier: MIT
// The inputs of a study: a TSV file of labelled sentences with rationales, and CIFAR-10 records.
#pragma once

#include "fuzz/targets/support.hpp"

#include "../examples/support/study_data.hpp"

#include <regard/text/wordpiece.hpp>

namespace regard_fuzz {

/// What the readers ask of a model.
struct StudyModel {
  regard::WordPieceTokenizer tokenizer{{"[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]", "a", "##a", "film"}};
  std::vector<std::string> names{"NEGATIVE", "POSITIVE"};

  const std::vector<std::string>& labels() const { return names; }
  regard::Index max_tokens() const { return 8; }
  regard::Encoding encode(const regard::TextInput& input) const { return tokenizer.encode(input.text, 8); }
};

inline void study(Bytes input) {
  static const StudyModel model;
  const std::string_view bytes = text_of(input);
  for (const program::DataOptions& options : {program::DataOptions{}, program::DataOptions{0, "rationale", 0},
                                              program::DataOptions{3, "rationale", 2}})
    accepts([&] {
      for (const auto& item : program::read_tsv(model, "fuzzed.tsv", bytes, options)) {
        require(item.label < model.names.size(), "a label of the model");
        if (item.rationale)
          for (const regard::TextSpan& span : *item.rationale)
            require(span.begin < span.end && span.end <= item.input.text.size(),
                    "a rationale within the text");
      }
    });
  accepts([&] {
    const auto items = program::read_cifar(model, "fuzzed.bin", bytes, {});
    require(items.size() == bytes.size() / 3073, "an image for each record");
  });
}

} // namespace regard_fuzz

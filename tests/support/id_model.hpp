// SPDX-License-Identifier: MIT
// A text model without a tokeniser: the text lists token ids, as "2 17 5 3". The first and the last token are
// special. What ids become in the embedding is the test's own.
#pragma once

#include "support/random_model.hpp"

#include <regard/models/text_model.hpp>

#include <functional>
#include <sstream>

namespace regard_test {

template <class ScalarType>
class IdModel {
 public:
  using Scalar = ScalarType;
  using Embed = std::function<void(const regard::Encoding&, regard::TensorView<Scalar, 2>)>;

  IdModel(regard::SequenceClassifier<Scalar> classifier, Embed embed, Index mask)
      : classifier_(std::move(classifier)), embed_(std::move(embed)), mask_(mask) {
    for (Index c = 0; c < classifier_.classes(); ++c)
      labels_.push_back("class " + std::to_string(c));
  }

  std::vector<Index> types = {}; ///< of the tokens; all 0 where there are fewer

  const regard::SequenceClassifier<Scalar>& classifier() const { return classifier_; }
  regard::Encoding encode(const regard::TextInput& input) const {
    regard::Encoding encoding;
    std::istringstream ids(input.text);
    for (Index id = 0; ids >> id;) {
      regard::Token token;
      token.id = id;
      token.begin = token.end = 0;
      token.word = encoding.tokens.size();
      token.type = token.word < types.size() ? types[token.word] : 0;
      encoding.tokens.push_back(token);
    }
    encoding.tokens.front().special = encoding.tokens.back().special = true;
    return encoding;
  }
  void embed(const regard::Encoding& encoding, regard::TensorView<Scalar, 2> rows) const {
    embed_(encoding, rows);
  }
  std::string_view piece(Index) const { return "id"; }
  Index mask_id() const { return mask_; }
  const std::vector<std::string>& labels() const { return labels_; }
  regard::ProblemType problem_type() const { return regard::ProblemType::single_label; }
  std::string_view name() const { return "ids"; }

 private:
  regard::SequenceClassifier<Scalar> classifier_;
  Embed embed_;
  Index mask_;
  std::vector<std::string> labels_;
};

/// Rows of a table [vocabulary, width], whatever the position.
template <class Scalar>
typename IdModel<Scalar>::Embed rows_of(regard::Tensor<Scalar, 2> table) {
  return [table](const regard::Encoding& encoding, regard::TensorView<Scalar, 2> rows) {
    for (Index t = 0; t < encoding.tokens.size(); ++t) {
      const auto row = table[encoding.tokens[t].id];
      std::copy(row.begin(), row.end(), rows[t].begin());
    }
  };
}

inline std::string id_text(const std::vector<Index>& ids) {
  std::string text;
  for (const Index id : ids)
    text += std::to_string(id) + " ";
  return text;
}

} // namespace regard_test

// SPDX-License-Identifier: MIT
// BERT for sequence classification (Devlin et al. 2019) from weights in memory: token ids in, logits out.
// `models/text_classifier.hpp` adds the tokeniser and the labels, `models/load_bert.hpp` the checkpoint
// folder.
#pragma once

#include <regard/transformer/fingerprint.hpp>
#include <regard/transformer/trace.hpp>

namespace regard::inline REGARD_ABI {

/// One token as BERT's embeddings see it.
struct BertToken {
  Index id = 0;       ///< row of the word embeddings
  Index type = 0;     ///< row of the token-type embeddings: 0, or 1 in the second text of a pair
  Index position = 0; ///< row of the position embeddings; a token that is left out leaves its position unused
};

/// Sum of word, position and token-type embeddings, normalised.
template <class Scalar>
class BertEmbeddings {
 public:
  /// @param words      [vocabulary, width]
  /// @param positions  [longest input, width]
  /// @param types      [token types, width]
  /// Throws InvalidArgument when the widths differ.
  BertEmbeddings(SharedTensor<Scalar, 2> words, SharedTensor<Scalar, 2> positions,
                 SharedTensor<Scalar, 2> types, LayerNorm<Scalar> norm);

  Index width() const { return words_.extent(1); }
  Index vocabulary() const { return words_.extent(0); }
  Index max_tokens() const { return positions_.extent(0); }
  Index token_types() const { return types_.extent(0); }

  /// Writes the embedded tokens to `rows` [tokens, width]. Throws InvalidArgument naming the token whose id,
  /// type or position has no embedding.
  void embed(std::span<const BertToken> tokens, TensorView<Scalar, 2> rows) const;

  /// Takes `gradient` [tokens, width] from the embedded tokens to their word embeddings, the summands before
  /// the LayerNorm (the position and token-type embeddings have the same gradient).
  void backward(std::span<const BertToken> tokens, TensorView<Scalar, 2> gradient) const;

  /// Calls `visit` with each tensor and LayerNorm.
  template <class Visit>
  void visit_weights(Visit&& visit) const {
    visit(words_);
    visit(positions_);
    visit(types_);
    visit(norm_);
  }

 private:
  void add_up(std::span<const BertToken> tokens, TensorView<Scalar, 2> rows) const;

  SharedTensor<Scalar, 2> words_, positions_, types_;
  LayerNorm<Scalar> norm_;
};

/// Embeddings, encoder and head: all of a BERT classifier but its tokeniser.
template <class Scalar>
struct BertClassifier {
  BertEmbeddings<Scalar> embeddings;
  SequenceClassifier<Scalar> classifier;

  /// Of all weights; see transformer/fingerprint.hpp.
  std::uint64_t fingerprint() const {
    Fingerprint result;
    embeddings.visit_weights([&](const auto& weights) { result.add(weights); });
    result.add(classifier);
    return result.value();
  }

  /// The embedded tokens, [tokens, width].
  Tensor<Scalar, 2> embed(std::span<const BertToken> tokens) const {
    Tensor<Scalar, 2> rows({tokens.size(), embeddings.width()});
    embeddings.embed(tokens, rows);
    return rows;
  }
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/models/detail/bert.hpp>
#endif

// SPDX-License-Identifier: MIT
// Body of models/bert.hpp.
#pragma once

#include <regard/models/bert.hpp>

namespace regard::inline REGARD_ABI {

template <class Scalar>
BertEmbeddings<Scalar>::BertEmbeddings(SharedTensor<Scalar, 2> words, SharedTensor<Scalar, 2> positions,
                                       SharedTensor<Scalar, 2> types, LayerNorm<Scalar> norm)
    : words_(std::move(words)), positions_(std::move(positions)), types_(std::move(types)),
      norm_(std::move(norm)) {
  if (positions_.extent(1) != width() || types_.extent(1) != width())
    throw InvalidArgument("position embeddings " + detail::to_string(positions_.view.shape()) +
                          " and token-type embeddings " + detail::to_string(types_.view.shape()) +
                          ", expected the width of the word embeddings " +
                          detail::to_string(words_.view.shape()));
  detail::check_shape(norm_, width(), "embedding norm");
}

template <class Scalar>
void BertEmbeddings<Scalar>::add_up(std::span<const BertToken> tokens, TensorView<Scalar, 2> rows) const {
  const auto row_of = [](const SharedTensor<Scalar, 2>& table, Index index, Index token, const char* what) {
    if (index >= table.extent(0))
      throw InvalidArgument("token " + std::to_string(token) + " has " + what + " " + std::to_string(index) +
                            ", expected less than " + std::to_string(table.extent(0)));
    return table.data() + index * table.extent(1);
  };
  for (Index t = 0; t < tokens.size(); ++t) {
    const Scalar* const word = row_of(words_, tokens[t].id, t, "id");
    const Scalar* const type = row_of(types_, tokens[t].type, t, "token type");
    const Scalar* const position = row_of(positions_, tokens[t].position, t, "position");
    Scalar* const row = rows[t].data();
    for (Index j = 0; j < width(); ++j)
      row[j] = word[j] + type[j] + position[j];
  }
}

template <class Scalar>
void BertEmbeddings<Scalar>::embed(std::span<const BertToken> tokens, TensorView<Scalar, 2> rows) const {
  add_up(tokens, rows);
  detail::layer_norm<Scalar>(norm_, rows, rows, rows, nullptr);
}

template <class Scalar>
void BertEmbeddings<Scalar>::backward(std::span<const BertToken> tokens,
                                      TensorView<Scalar, 2> gradient) const {
  Tensor<Scalar, 2> sums(gradient.shape()), embedded(gradient.shape());
  Tensor<Scalar, 1> scale({tokens.size()});
  add_up(tokens, sums);
  detail::layer_norm<Scalar>(norm_, sums, sums, embedded, scale.data());
  detail::layer_norm_backward<Scalar>(norm_, sums, scale.data(), gradient, gradient);
}

} // namespace regard::inline REGARD_ABI

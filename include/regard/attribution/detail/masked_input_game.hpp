// SPDX-License-Identifier: MIT
// Body of attribution/masked_input_game.hpp.
#pragma once

#include <regard/attribution/masked_input_game.hpp>
#include <regard/transformer/batch.hpp>

#include <cmath>

namespace regard::inline REGARD_ABI {

inline std::string_view to_string(Masking masking) {
  switch (masking) {
  case Masking::mask:
    return "mask";
  case Masking::drop:
    return "drop";
  case Masking::remove:
    break;
  }
  return "delete";
}

inline std::string_view to_string(ValueFunction value) {
  switch (value) {
  case ValueFunction::probability:
    return "probability";
  case ValueFunction::logit:
    return "logit";
  case ValueFunction::log_odds:
    break;
  }
  return "log-odds";
}

template <TextModel Model>
const Executor& MaskedInputGame<Model>::serial() {
  static const Serial executor;
  return executor;
}

template <TextModel Model>
MaskedInputGame<Model>::MaskedInputGame(const Model& model, Encoding encoding,
                                        std::vector<std::vector<Index>> players, Index target,
                                        MaskedInputOptions options, const Executor& executor)
    : model_(model), encoding_(std::move(encoding)), players_(std::move(players)), target_(target),
      options_(options), executor_(executor) {
  const Index tokens = encoding_.tokens.size(), classes = model_.classifier().classes();
  std::vector<bool> seen(tokens, false);
  for (const std::vector<Index>& player : players_)
    for (const Index token : player) {
      if (token >= tokens || seen[token])
        throw InvalidArgument("players: found token " + std::to_string(token) +
                              (token >= tokens ? ", expected less than " + std::to_string(tokens)
                                               : " twice, expected each once"));
      seen[token] = true;
    }
  if (target_ >= classes)
    throw InvalidArgument("target: found " + std::to_string(target_) + ", expected a class from 0 to " +
                          std::to_string(classes - 1));
  if (model_.problem_type() == ProblemType::regression && options_.value != ValueFunction::logit)
    throw InvalidArgument("value: found " + std::string(to_string(options_.value)) +
                          ", but a regression model has no probability; expected logit");
  embedded_.resize({tokens, model_.classifier().width()});
  model_.embed(encoding_, embedded_);
  if (options_.masking == Masking::mask) {
    Encoding masked = encoding_;
    for (Token& token : masked.tokens)
      token.id = model_.mask_id();
    masked_.resize(embedded_.shape());
    model_.embed(masked, masked_);
  }
}

template <TextModel Model>
std::vector<bool> MaskedInputGame<Model>::visible(Coalition coalition) const {
  std::vector<bool> visible(encoding_.tokens.size(), true);
  for (Index player = 0; player < players_.size(); ++player)
    if (!coalition.contains(player))
      for (const Index token : players_[player])
        visible[token] = false;
  return visible;
}

template <TextModel Model>
Index MaskedInputGame<Model>::rows(Coalition coalition) const {
  Index rows = encoding_.tokens.size();
  if (options_.masking != Masking::mask)
    for (Index player = 0; player < players_.size(); ++player)
      if (!coalition.contains(player))
        rows -= players_[player].size();
  return rows;
}

template <TextModel Model>
void MaskedInputGame<Model>::embed(Coalition coalition, TensorView<Scalar, 2> rows) const {
  const std::vector<bool> shown = visible(coalition);
  if (options_.masking == Masking::remove) {
    Encoding rest;
    for (Index t = 0; t < shown.size(); ++t)
      if (shown[t])
        rest.tokens.push_back(encoding_.tokens[t]);
    model_.embed(rest, rows);
    return;
  }
  Index row = 0;
  for (Index t = 0; t < shown.size(); ++t) {
    if (!shown[t] && options_.masking == Masking::drop)
      continue;
    const auto source = std::as_const(shown[t] ? embedded_ : masked_)[t];
    std::copy(source.begin(), source.end(), rows[row++].begin());
  }
}

template <TextModel Model>
double MaskedInputGame<Model>::read(TensorView<const Scalar, 1> logits) const {
  const double logit = static_cast<double>(logits[target_]);
  if (options_.value == ValueFunction::logit)
    return logit;
  // The log-odds of a softmax are the logit over the log-sum of the exponentials of all others.
  double log_odds = logit;
  if (model_.problem_type() == ProblemType::single_label) {
    double largest = -HUGE_VAL, others = 0;
    for (Index c = 0; c < logits.extent(0); ++c)
      if (c != target_)
        largest = std::max(largest, static_cast<double>(logits[c]));
    for (Index c = 0; c < logits.extent(0); ++c)
      if (c != target_)
        others += std::exp(static_cast<double>(logits[c]) - largest);
    log_odds -= largest + std::log(others);
  }
  return options_.value == ValueFunction::log_odds ? log_odds : 1 / (1 + std::exp(-log_odds));
}

template <TextModel Model>
double MaskedInputGame<Model>::value(Coalition coalition) const {
  double result = 0;
  values(std::span(&coalition, 1), std::span(&result, 1));
  return result;
}

template <TextModel Model>
void MaskedInputGame<Model>::values(std::span<const Coalition> coalitions, std::span<double> out) const {
  const auto ranges = cut_batches(
      coalitions.size(), [&](Index i) { return rows(coalitions[i]); }, options_.batch_rows);
  std::vector<Pass<Scalar>> passes(executor_.workers());
  executor_.for_each(ranges.size(), [&](Index range, Index worker) {
    Pass<Scalar>& pass = passes[worker];
    const auto [begin, end] = ranges[range];
    pass.rows.clear();
    for (Index i = begin; i < end; ++i)
      pass.rows.append(rows(coalitions[i]));
    pass.hidden.resize({pass.rows.rows(), model_.classifier().width()});
    for (Index b = 0; b < end - begin; ++b)
      embed(coalitions[begin + b], pass.hidden.slice(pass.rows.begin(b), pass.rows.end(b)));
    model_.classifier().forward(pass);
    for (Index b = 0; b < end - begin; ++b)
      out[begin + b] = read(std::as_const(pass.logits)[b]);
  });
}

} // namespace regard::inline REGARD_ABI

// SPDX-License-Identifier: MIT
// Body of attribution/masked_input_game.hpp.
#pragma once

#include <regard/attribution/masked_input_game.hpp>
#include <regard/transformer/batch.hpp>

#include <cmath>
#include <numeric>

namespace regard::inline REGARD_ABI {

REGARD_INLINE std::string_view to_string(Masking masking) {
  switch (masking) {
  case Masking::automatic:
    return "auto";
  case Masking::mask:
    return "mask";
  case Masking::drop:
    return "drop";
  case Masking::remove:
    return "delete";
  case Masking::zero:
    return "zero";
  case Masking::mean:
    return "mean";
  case Masking::blur:
    break;
  }
  return "blur";
}

REGARD_INLINE std::string_view to_string(ValueFunction value) {
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

template <class Model>
Masking resolve_masking(Masking masking) {
  constexpr bool image = ImageModel<Model>;
  if (masking == Masking::automatic)
    return image ? Masking::drop : Masking::mask;
  const bool of_images = masking == Masking::zero || masking == Masking::mean || masking == Masking::blur;
  if (masking != Masking::drop && of_images != image)
    throw InvalidArgument(
        "masking: found " + std::string(to_string(masking)) + ", expected " +
        (image ? "drop, zero, mean or blur for an image" : "mask, drop or delete for a text"));
  return masking;
}

namespace detail {

/// What a number that is not finite means where a model gave it.
inline constexpr const char* broken_weights =
    "; the weights hold NaN, infinity or numbers that are too large";

/// Throws for a logit that is not finite, which means a broken model.
template <class Model, class Logits>
void check_logits(const Model& model, const Logits& logits) {
  for (const auto logit : logits)
    if (!std::isfinite(logit))
      throw Error(std::string(model.name()) + ": found a logit that is not finite, expected a number" +
                  broken_weights);
}

inline Index token_count(const Encoding& encoding) {
  return encoding.tokens.size();
}
template <class Scalar>
Index token_count(const EncodedImage<Scalar>& image) {
  return image.tokens();
}

/// The text with every token masked.
template <TextModel Model>
Encoding hide_all(const Model& model, Encoding encoding, Masking, const MaskedInputOptions&) {
  for (Token& token : encoding.tokens)
    token.id = model.mask_id();
  return encoding;
}

/// Blurs the rows of each channel by a Gaussian that is cut off at the border, then the columns.
template <class Scalar>
void blur(Tensor<Scalar, 3>& pixels, double sigma) {
  const Index channels = pixels.extent(0), height = pixels.extent(1), width = pixels.extent(2);
  const auto reach = static_cast<Index>(std::ceil(4 * sigma)); // beyond it the weight is below 0.0004
  std::vector<double> weight, line;
  for (Index k = 0; k <= std::min(reach, std::max(height, width)); ++k)
    weight.push_back(std::exp(-static_cast<double>(k * k) / (2 * sigma * sigma)));
  const auto blur_line = [&](Scalar* first, Index count, Index stride) {
    line.resize(count);
    for (Index i = 0; i < count; ++i) {
      double sum = 0, total = 0;
      for (Index k = i - std::min(i, weight.size() - 1); k < std::min(count, i + weight.size()); ++k) {
        const double w = weight[k < i ? i - k : k - i];
        sum += w * static_cast<double>(first[k * stride]);
        total += w;
      }
      line[i] = sum / total;
    }
    for (Index i = 0; i < count; ++i)
      first[i * stride] = static_cast<Scalar>(line[i]);
  };
  for (Index c = 0; c < channels; ++c) {
    Scalar* const plane = pixels.data() + c * height * width;
    for (Index y = 0; y < height; ++y)
      blur_line(plane + y * width, width, 1);
    for (Index x = 0; x < width; ++x)
      blur_line(plane + x, height, width);
  }
}

/// The image with every patch hidden.
template <ImageModel Model>
auto hide_all(const Model&, EncodedImage<typename Model::Scalar> image, Masking masking,
              const MaskedInputOptions& options) {
  using Scalar = typename Model::Scalar;
  const Index channels = image.pixels.extent(0), area = image.pixels.size() / channels;
  if (masking == Masking::blur) {
    const auto side = static_cast<double>(std::max(image.patch_height, image.patch_width));
    const double sigma = options.blur_sigma == 0 ? side : options.blur_sigma;
    if (!(sigma > 0) || sigma > 1e4)
      throw InvalidArgument("blur_sigma: found " + std::to_string(sigma) +
                            ", expected more than 0 and at most 10000 pixels");
    blur(image.pixels, sigma);
    return image;
  }
  if (!options.mean_color.empty() && options.mean_color.size() != channels)
    throw InvalidArgument("mean_color: found " + std::to_string(options.mean_color.size()) +
                          " numbers, expected one for each of " + std::to_string(channels) + " channels");
  for (Index c = 0; c < channels; ++c) {
    Scalar* const plane = image.pixels.data() + c * area;
    double color = 0;
    if (masking == Masking::mean && !options.mean_color.empty())
      color = options.mean_color[c];
    else if (masking == Masking::mean)
      color = std::accumulate(plane, plane + area, 0.0) / static_cast<double>(area);
    std::fill(plane, plane + area, static_cast<Scalar>(color));
  }
  return image;
}

} // namespace detail

template <class Model>
requires TextModel<Model> || ImageModel<Model>
const Executor& MaskedInputGame<Model>::serial() {
  static const Serial executor;
  return executor;
}

template <class Model>
requires TextModel<Model> || ImageModel<Model>
MaskedInputGame<Model>::MaskedInputGame(const Model& model, EncodedInput encoding,
                                        std::vector<std::vector<Index>> players, Index target,
                                        MaskedInputOptions options, const Executor& executor)
    : model_(model), encoding_(std::move(encoding)), players_(std::move(players)), target_(target),
      options_(std::move(options)), executor_(executor) {
  options_.masking = resolve_masking<Model>(options_.masking);
  const Index tokens = detail::token_count(encoding_), classes = model_.classifier().classes();
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
  if (options_.masking != Masking::drop && options_.masking != Masking::remove) {
    masked_.resize(embedded_.shape());
    model_.embed(detail::hide_all(model_, encoding_, options_.masking, options_), masked_);
  }
  if (options_.masking == Masking::remove || model_.classifier().layers() == 0)
    return;
  const Encoder<Scalar>& encoder = model_.classifier().encoder();
  projected_.resize({tokens, 3 * model_.classifier().width()});
  encoder.project(0, embedded_, projected_);
  if (!masked_.empty()) {
    masked_projected_.resize(projected_.shape());
    encoder.project(0, masked_, masked_projected_);
  }
}

template <class Model>
requires TextModel<Model> || ImageModel<Model> std::vector<bool>
MaskedInputGame<Model>::visible(Coalition coalition)
const {
  std::vector<bool> visible(embedded_.extent(0), true);
  for (Index player = 0; player < players_.size(); ++player)
    if (!coalition.contains(player))
      for (const Index token : players_[player])
        visible[token] = false;
  return visible;
}

template <class Model>
requires TextModel<Model> || ImageModel<Model> Index MaskedInputGame<Model>::rows(Coalition coalition)
const {
  Index rows = embedded_.extent(0);
  if (masked_.empty())
    for (Index player = 0; player < players_.size(); ++player)
      if (!coalition.contains(player))
        rows -= players_[player].size();
  return rows;
}

template <class Model>
requires TextModel<Model> || ImageModel<Model>
void MaskedInputGame<Model>::embed(Coalition coalition, TensorView<Scalar, 2> rows) const {
  if constexpr (TextModel<Model>)
    if (options_.masking == Masking::remove) {
      const std::vector<bool> shown = visible(coalition);
      Encoding rest;
      for (Index t = 0; t < shown.size(); ++t)
        if (shown[t])
          rest.tokens.push_back(encoding_.tokens[t]);
      model_.embed(rest, rows);
      return;
    }
  pick(coalition, embedded_, masked_, rows);
}

/// Copies the row of each token that the model sees: from `shown` if it is visible, else from `hidden`.
template <class Model>
requires TextModel<Model> || ImageModel<Model>
void MaskedInputGame<Model>::pick(Coalition coalition, const Tensor<Scalar, 2>& shown,
                                  const Tensor<Scalar, 2>& hidden, TensorView<Scalar, 2> rows) const {
  const std::vector<bool> seen = visible(coalition);
  Index row = 0;
  for (Index t = 0; t < seen.size(); ++t) {
    if (!seen[t] && hidden.empty())
      continue;
    const auto source = (seen[t] ? shown : hidden)[t];
    std::copy(source.begin(), source.end(), rows[row++].begin());
  }
}

template <class Model>
requires TextModel<Model> || ImageModel<Model>
double MaskedInputGame<Model>::read(TensorView<const Scalar, 1> logits) const {
  detail::check_logits(model_, logits); // an infinite one would pass for certainty
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

template <class Model>
requires TextModel<Model> || ImageModel<Model>
double MaskedInputGame<Model>::value(Coalition coalition) const {
  double result = 0;
  values(std::span(&coalition, 1), std::span(&result, 1));
  return result;
}

template <class Model>
requires TextModel<Model> || ImageModel<Model>
void MaskedInputGame<Model>::values(std::span<const Coalition> coalitions, std::span<double> out) const {
  run(coalitions, [&](Index i, TensorView<const Scalar, 1> found) { out[i] = read(found); });
}

template <class Model>
requires TextModel<Model> || ImageModel<Model>
void MaskedInputGame<Model>::logits(std::span<const Coalition> coalitions, TensorView<double, 2> out) const {
  run(coalitions, [&](Index i, TensorView<const Scalar, 1> found) {
    std::copy(found.begin(), found.end(), out[i].begin());
  });
}

/// @param take  take(i, logits) of coalition i; called from several threads
template <class Model>
requires TextModel<Model> || ImageModel<Model>
template <class Take>
void MaskedInputGame<Model>::run(std::span<const Coalition> coalitions, Take take) const {
  Index total = 0;
  for (const Coalition coalition : coalitions)
    total += rows(coalition);
  const auto ranges = cut_batches(
      coalitions.size(), [&](Index i) { return rows(coalitions[i]); },
      batch_rows(total, executor_.workers(), options_.batch_rows));
  const bool projected = !projected_.empty();
  const ForwardOptions forward{.last_block = LastBlock::tokens_read,
                               .first_projections = projected ? Projections::given : Projections::compute};
  executor_.for_each(ranges.size(), [&](Index range, Index) {
    const auto loan = passes_->take();
    Pass<Scalar>& pass = *loan;
    const auto [begin, end] = ranges[range];
    pass.rows.clear();
    for (Index i = begin; i < end; ++i)
      pass.rows.append(rows(coalitions[i]));
    pass.hidden.resize({pass.rows.rows(), model_.classifier().width()});
    if (projected) {
      pass.blocks.resize(std::max<std::size_t>(pass.blocks.size(), 1));
      pass.blocks[0].projections.resize({pass.rows.rows(), projected_.extent(1)});
    }
    for (Index b = 0; b < end - begin; ++b) {
      const Index first = pass.rows.begin(b), last = pass.rows.end(b);
      embed(coalitions[begin + b], pass.hidden.slice(first, last));
      if (projected)
        pick(coalitions[begin + b], projected_, masked_projected_,
             pass.blocks[0].projections.slice(first, last));
    }
    model_.classifier().forward(pass, Keep::nothing, {}, forward);
    for (Index b = 0; b < end - begin; ++b)
      take(begin + b, std::as_const(pass.logits)[b]);
  });
}

} // namespace regard::inline REGARD_ABI

// SPDX-License-Identifier: MIT
// How a model takes its weights from a checkpoint: it asks for each tensor by name and shape, and hears at
// the end, in one error, of everything that did not fit.
//
//     regard::TensorReader reader(checkpoint, "bert.");
//     reader.require_layers("encoder.layer", "num_hidden_layers", config.num_hidden_layers);
//     auto bias = reader.require<float, 1>("pooler.dense.bias", {config.hidden_size});
//     std::vector<std::string> notes = reader.finish({"cls.*"}); // throws unless all is well
#pragma once

#include <regard/checkpoint/checkpoint.hpp>
#include <regard/checkpoint/detail/problems.hpp>
#include <regard/checkpoint/weights.hpp>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

namespace detail {
struct FoundTensor;
}

/// Takes the tensors of one model out of a checkpoint, which must outlive it, and keeps the account: what was
/// missing, misshapen, of another type, and what nobody asked for.
class TensorReader {
 public:
  /// @param prefix  what may stand before every name, for example "bert.". A name is looked up with it first,
  /// then without, so that a file saved from the bare encoder loads too.
  explicit TensorReader(const Checkpoint& checkpoint, std::string prefix = {})
      : checkpoint_(checkpoint), prefix_(std::move(prefix)) {}

  /// The tensor of that name and shape. One that is missing, misshapen or of no weight type is noted for
  /// `finish`, and the result is an empty view: it may be passed around, not used, until `finish` has
  /// returned.
  template <class Scalar, std::size_t Rank>
  SharedTensor<Scalar, Rank> require(std::string_view name, const Shape<Rank>& shape);

  /// The same for a tensor that a model can do without: nothing when it is missing.
  template <class Scalar, std::size_t Rank>
  std::optional<SharedTensor<Scalar, Rank>> optional(std::string_view name, const Shape<Rank>& shape);

  /// Whether there is a tensor of that name, under the prefix or without it, of whatever shape.
  REGARD_LAZY bool contains(std::string_view name) const;

  /// Checks that the tensors bear out the number of layers that config.json gives under `key`: afterwards,
  /// what is sized by it is bounded by the weight files.
  /// @param stem  what stands before the number of a layer: "encoder.layer" for encoder.layer.0, ...
  /// @throws MalformedFile, at once, naming config.json and `key` when `layers` is not the number of
  /// consecutive layers in the files.
  REGARD_LAZY void require_layers(std::string_view stem, std::string_view key, Index layers) const;

  /// The names of tensors in the files that nobody asked for, sorted.
  REGARD_LAZY std::vector<std::string> unused() const;

  /// Ends the reading. An unused tensor is a fault unless a pattern of `ignorable` covers its name with or
  /// without the prefix; `*` in a pattern stands for any characters.
  /// @return a note for each ignored tensor.
  /// @throws MalformedFile with all missing, misshapen, unsupported and unknown tensors together;
  /// UnsupportedFile when the only fault is types.
  REGARD_LAZY std::vector<std::string> finish(const std::vector<std::string>& ignorable = {}) const;

 private:
  REGARD_LAZY detail::FoundTensor find(std::string_view name) const;
  template <class Scalar, std::size_t Rank>
  SharedTensor<Scalar, Rank> take(const detail::FoundTensor& found, const Shape<Rank>& shape);

  const Checkpoint& checkpoint_;
  std::string prefix_;
  std::set<std::string, std::less<>> used_;
  detail::Problems problems_;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/checkpoint/detail/tensor_reader.hpp>
#endif

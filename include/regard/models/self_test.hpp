// SPDX-License-Identifier: MIT
// A checkpoint folder may say what its model computes: `self_test.json` holds a few inputs with the logits,
// and with sums of the hidden states of each layer, as transformers found them in float64. A build, a machine
// or a folder for which this library computes something else is noticed when the model is loaded, and the
// first layer that differs is named. `examples/write_self_test.py` writes the file.
//
//     const auto model = regard::load_text_classifier<float>(folder, {.self_test =
//     regard::SelfTest::if_present}); // throws SelfTestFailed
//     const auto report = regard::self_test(model, folder); // the same of a model that is loaded
//
// The file is one object: "format" is "regard self-test", "version" 1, and "samples" a list of objects with
//   "text" and perhaps "pair", and "tokens", the ids that the model sees; or "image" with "height", "width"
//   and "rgb", its rows of pixels in hexadecimal, and "pixels", the sums of the normalised pixels that the
//   model sees; "layers": the sums of the embedded tokens and of the hidden states after each block;
//   "logits": one for each class.
// Sums of numbers x_i are [sum x_i, sum |x_i|, sum w_i x_i] with w_i = frac(2654435761 i / 2^32) - 1/2, the
// last of which tells numbers in another order.
#pragma once

#include <regard/core/error.hpp>
#include <regard/tensor.hpp>

#include <type_traits>

namespace regard::inline REGARD_ABI {

/// Whether a model is tested when it is loaded. The test costs one forward pass for each sample.
enum class SelfTest {
  skip,       ///< no
  if_present, ///< when the folder holds a self_test.json
  required    ///< yes; a folder without self_test.json is an IoError
};

/// How far, in units of what is compared, a self-test lets results be from those in the file: of the sum of
/// the numbers' magnitudes for sums, and of the largest magnitude (at least 1) for logits.
template <class Scalar>
inline constexpr double self_test_tolerance = std::is_same_v<Scalar, float> ? 2e-5 : 1e-11;

/// What a self-test found that passed.
struct SelfTestReport {
  Index samples = 0;             ///< that were compared; 0 when there was no file
  double largest_difference = 0; ///< in the unit of the tolerance
  double tolerance = 0;
};

/// A model computes something else than its self_test.json says. `problems()` has, for each sample, the first
/// thing that differs: the tokens or pixels, the embeddings, a block, or the logits.
class SelfTestFailed : public FileError {
 public:
  using FileError::FileError;
};

} // namespace regard::inline REGARD_ABI

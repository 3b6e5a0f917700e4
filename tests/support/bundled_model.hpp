// SPDX-License-Identifier: MIT
// The bundled text model, loaded once a program.
#pragma once

#include <regard/models/text_classifier.hpp>

namespace regard_test {

template <class Scalar>
const regard::TextClassifier<Scalar>& bundled_text_model() {
  static const auto model =
      regard::load_text_classifier<Scalar>(std::filesystem::path(REGARD_TEST_MODELS) / "bert-tiny-sst2");
  return model;
}

} // namespace regard_test

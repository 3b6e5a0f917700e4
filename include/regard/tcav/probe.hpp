// SPDX-License-Identifier: MIT
// Concept activation vectors: the direction in which the tokens of a concept differ from other tokens, as the
// normal of a linear probe (Kim et al. 2018), for token rows from anywhere.
//
//     const auto cav = regard::fit_probe<float>(striped_rows, other_rows); // [rows, width] each
//     if (cav.status == regard::ProbeStatus::converged)
//       use(cav.direction);                                              // unit vector towards the first set
//
// Everything is computed in double and in a fixed order.
#pragma once

#include <regard/tensor.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// What separates the rows of a concept (y = 1) from the others (y = -1). With z = w x + b, the intercept b
/// is never penalised, so that no direction depends on where the origin of the hidden states lies.
enum class Probe {
  logistic, ///< min 1/2 |w|^2 + sum log(1 + exp(-y z)): scikit-learn's LogisticRegression(C=1)
  ridge,    ///< min 1/2 |w|^2 + 1/2 sum (y - z)^2: scikit-learn's Ridge(alpha=1) on -1 and 1
  svm,      ///< min 1/2 |w|^2 + sum max(0, 1 - y z)^2: LinearSVC(C=1, loss="squared_hinge"), which liblinear
            ///< solves with a penalised intercept: the same for a large `intercept_scaling`
  pattern,  ///< difference of the means (Pahde et al. 2022): no optimisation, whatever the noise covariance
};

/// "logistic", "ridge", "svm" or "pattern".
REGARD_LAZY std::string_view to_string(Probe probe);

/// The probe of that name; nothing when there is none.
REGARD_LAZY std::optional<Probe> find_probe(std::string_view name);

/// How a probe is fitted.
struct ProbeOptions {
  Probe probe = Probe::logistic;
  /// The fit ends when the next Newton step would be this small beside |w|.
  double tolerance = 1e-6;
  /// Passes over the rows after which a fit is given up.
  Index max_passes = 1000;
};

/// How a fit ended. None of these is an error.
enum class ProbeStatus {
  converged,     ///< optimal to the tolerance, or a closed form
  not_converged, ///< `max_passes` came first
  no_direction,  ///< nothing tells the two sets apart: `direction` is zero
};

/// "converged", "not_converged" or "no_direction".
REGARD_LAZY std::string_view to_string(ProbeStatus status);

/// A fitted probe: norm * direction * x + intercept > 0 says "concept".
struct FittedProbe {
  std::vector<double> direction; ///< [width]: unit vector from the others towards the concept
  double norm = 0;               ///< |w|
  double intercept = 0;          ///< of `pattern`, such that the middle of the means is at 0
  ProbeStatus status = ProbeStatus::converged;
  Index passes = 0; ///< over the rows
};

/// Fits a probe: preconditioned limited-memory BFGS with Newton steps where that stalls.
/// @param concept_rows  [rows, width]
/// @param other_rows    [rows, width]
/// Throws InvalidArgument when a side has no row, the widths differ, a value is not finite or the tolerance
/// is not positive.
template <class Scalar>
FittedProbe fit_probe(TensorView<const Scalar, 2> concept_rows, TensorView<const Scalar, 2> other_rows,
                      const ProbeOptions& options = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/tcav/detail/probe.hpp>
#endif

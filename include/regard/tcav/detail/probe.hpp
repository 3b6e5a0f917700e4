// SPDX-License-Identifier: MIT
// Body of tcav/probe.hpp.
#pragma once

#include <regard/tcav/detail/probe_solver.hpp>
#include <regard/tcav/probe.hpp>

#include <array>

namespace regard::inline REGARD_ABI {

namespace detail {

inline constexpr std::array<std::string_view, 4> probe_names{"logistic", "ridge", "svm", "pattern"};

REGARD_LAZY
void check_options(const ProbeOptions& options) {
  if (!(options.tolerance > 0))
    throw InvalidArgument("tolerance: found " + std::to_string(options.tolerance) +
                          ", expected a number greater than 0");
}

} // namespace detail

template <class Lazy>
std::string_view to_string(Probe probe) {
  return detail::probe_names.at(static_cast<std::size_t>(probe));
}

template <class Lazy>
std::optional<Probe> find_probe(std::string_view name) {
  for (std::size_t i = 0; i < detail::probe_names.size(); ++i)
    if (detail::probe_names[i] == name)
      return static_cast<Probe>(i);
  return std::nullopt;
}

template <class Lazy>
std::string_view to_string(ProbeStatus status) {
  constexpr std::array<std::string_view, 3> names{"converged", "not_converged", "no_direction"};
  return names.at(static_cast<std::size_t>(status));
}

template <class Scalar>
FittedProbe fit_probe(TensorView<const Scalar, 2> concept_rows, TensorView<const Scalar, 2> other_rows,
                      const ProbeOptions& options) {
  detail::check_options(options);
  const Index width = concept_rows.extent(1);
  if (concept_rows.empty() || other_rows.empty() || other_rows.extent(1) != width)
    throw InvalidArgument("found rows of shape " + detail::to_string(concept_rows.shape()) + " and " +
                          detail::to_string(other_rows.shape()) +
                          ", expected at least one row on either side, of one width");
  for (const auto& rows : {concept_rows, other_rows})
    if (!std::all_of(rows.begin(), rows.end(), [](Scalar x) { return std::isfinite(x); }))
      throw InvalidArgument("found a row with a value that is not finite");

  // Rows in blocks that fit the cache.
  constexpr Index block = 64;
  detail::RowSource<double> source;
  source.width = width;
  std::vector<const Scalar*> blocks;
  for (const auto& rows : {concept_rows, other_rows})
    for (Index first = 0; first < rows.extent(0); first += block) {
      source.counts.push_back(std::min(block, rows.extent(0) - first));
      blocks.push_back(rows.data() + first * width);
    }
  detail::Sides sides(blocks.size(), -1.0);
  std::fill_n(sides.begin(), (concept_rows.extent(0) + block - 1) / block, 1.0);
  source.load = [&](Index input, double* rows) {
    std::copy(blocks[input], blocks[input] + source.counts[input] * width, rows);
  };

  if (options.probe == Probe::pattern)
    return detail::fitted_probe(detail::mean_difference(source, sides), 1e300, true, 1);
  const detail::Weights<double> start = detail::Weights<double>::Zero(static_cast<Eigen::Index>(width + 1));
  const detail::Solved<double> solved =
      detail::solve_alone(source, sides, options.probe, start, options.tolerance, options.max_passes);
  return detail::fitted_probe(solved.weights, solved.metric.row_scale, solved.converged, solved.passes);
}

} // namespace regard::inline REGARD_ABI

// SPDX-License-Identifier: MIT
// Saved concept activation vectors: cavs.json ==== cavs.safetensors ==== random.safetensors. What is read can
// be saved and read again.
#pragma once

#include "fuzz/targets/support.hpp"

#include <regard/tcav/cav_files.hpp>

namespace regard_fuzz {

/// The fingerprint in the seeds.
inline constexpr std::uint64_t cav_model = 0x0123456789abcdef;

inline bool same_numbers(std::span<const double> one, std::span<const double> other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end());
}

inline void cavs(Bytes input) {
  static const Folder folder, again;
  const auto [json, vectors, random] = split<3>(input);
  folder.write("cavs.json", json);
  folder.write("cavs.safetensors", vectors);
  folder.write_or_remove("random.safetensors", random);
  regard::Cavs read;
  if (!accepts([&] { read = regard::load_cavs(folder.path(), cav_model); }))
    return;
  regard::save_cavs(again.path(), read, cav_model);
  const regard::Cavs copy = regard::load_cavs(again.path(), cav_model);
  require(copy.sets.size() == read.sets.size() && copy.seed == read.seed, "as many sets, the same seed");
  for (std::size_t i = 0; i < read.sets.size(); ++i) {
    const regard::CavSet &one = read.sets[i], &other = copy.sets[i];
    require(one.concept_name == other.concept_name && one.layer == other.layer, "the same sets");
    require(same_numbers(one.vectors.flat(), other.vectors.flat()), "the same vectors");
    require(same_numbers(one.accuracies, other.accuracies), "the same accuracies");
    require(static_cast<bool>(one.random) == static_cast<bool>(other.random) &&
                (!one.random || same_numbers(one.random->vectors.flat(), other.random->vectors.flat())),
            "the same random vectors");
  }
}

} // namespace regard_fuzz

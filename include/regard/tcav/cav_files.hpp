// SPDX-License-Identifier: MIT
// Trained CAVs as files. Needs nlohmann/json.
//
//     regard::save_cavs("cavs", cavs, regard::fingerprint(model.classifier()));
//     const auto cavs = regard::load_cavs("cavs", regard::fingerprint(model.classifier()));
//
// A folder holds
//
//     cavs.json           what they are: a record (concept, layer, resample, seed, accuracy) for each CAV
//     cavs.safetensors    a tensor CONCEPT/LAYER of shape [resamples, width] for each set: unit vectors
//     random.safetensors  those of random concepts, [concepts, resamples, width], where there are some
//
// Loaded CAVs give the same scores, to the last bit, as those that were saved.
#pragma once

#include <regard/tcav/cavs.hpp>

#include <filesystem>

namespace regard::inline REGARD_ABI {

/// A number for the weights of an encoder: CAVs belong to one model. Differs, but for a chance of 2^-64, when
/// a weight of any block differs by as much as a float shows.
template <class Scalar>
std::uint64_t fingerprint(const SequenceClassifier<Scalar>& classifier);

/// Writes the folder, which is created if it is not there. Each file is written whole or not at all,
/// cavs.json last.
/// @throws InvalidArgument  when there are none or they were stopped; IoError as write_file does.
void save_cavs(const std::filesystem::path& folder, const Cavs& cavs, std::uint64_t model);

/// Reads them back.
/// @param model  fingerprint of the model that they are wanted for
/// @throws IoError, MalformedFile or UnsupportedFile naming the file, and InvalidArgument when they belong to
/// another model.
Cavs load_cavs(const std::filesystem::path& folder, std::uint64_t model);

} // namespace regard::inline REGARD_ABI

#include <regard/tcav/detail/cav_files.hpp>

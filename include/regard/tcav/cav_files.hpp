// SPDX-License-Identifier: MIT
// Trained CAVs as files. Needs nlohmann/json.
//
//     regard::save_cavs("cavs", cavs, model.fingerprint());
//     const auto cavs = regard::load_cavs("cavs", model.fingerprint());
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
#include <regard/transformer/fingerprint.hpp>

#include <filesystem>

namespace regard::inline REGARD_ABI {

/// Writes the folder, which is created if it is not there. All of it is written or nothing, as write_files
/// does: CAVs that were saved there before are lost only to new ones.
/// @param model  fingerprint of the model that they were trained on
/// @throws InvalidArgument  when there are none or they were stopped; IoError as write_file does.
REGARD_LAZY void save_cavs(const std::filesystem::path& folder, const Cavs& cavs, std::uint64_t model);

/// Reads them back.
/// @param model  fingerprint of the model that they are wanted for
/// @throws IoError, MalformedFile or UnsupportedFile naming the file, and InvalidArgument when they belong to
/// another model. Vectors that cavs.json was not written with are refused.
REGARD_LAZY Cavs load_cavs(const std::filesystem::path& folder, std::uint64_t model);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/tcav/detail/cav_files.hpp>
#endif

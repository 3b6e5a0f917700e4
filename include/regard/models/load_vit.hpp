// SPDX-License-Identifier: MIT
// A vision transformer for image classification from its Hugging Face folder, without preprocessing and
// labels: normalised pixels in, logits out.
#pragma once

#include <regard/checkpoint/checkpoint.hpp>
#include <regard/models/vit.hpp>

#include <filesystem>

namespace regard::inline REGARD_ABI {

/// Reads config.json and the weights of a ViTForImageClassification, a DeiTForImageClassification or a
/// DeiTForImageClassificationWithTeacher (the logits are then the mean of its two classifiers), with or
/// without the prefix "vit." or "deit.". Weights are mapped where their type is `Scalar`, converted
/// otherwise. What was ignored (pooler, mask token) is listed in `notes`. Throws IoError, MalformedFile or
/// UnsupportedFile, naming the file and all that is wrong with it.
template <class Scalar>
ViTClassifier<Scalar> load_vit(const std::filesystem::path& folder, Mapping mapping = Mapping::map,
                               std::vector<std::string>* notes = nullptr);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/models/detail/load_vit.hpp>
#endif

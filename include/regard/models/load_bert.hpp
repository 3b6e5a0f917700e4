// SPDX-License-Identifier: MIT
// BERT for sequence classification from its Hugging Face folder, without tokeniser and labels: token ids in,
// logits out.
#pragma once

#include <regard/checkpoint/checkpoint.hpp>
#include <regard/models/bert.hpp>

#include <filesystem>

namespace regard::inline REGARD_ABI {

/// Reads config.json and the weights, with or without the prefix "bert.". Weights are mapped where their type
/// is `Scalar`, converted otherwise. What was ignored (position ids, heads of other tasks) is listed in
/// `notes`. Throws IoError, MalformedFile or UnsupportedFile, naming the file and all that is wrong with it.
template <class Scalar>
BertClassifier<Scalar> load_bert(const std::filesystem::path& folder, Mapping mapping = Mapping::map,
                                 std::vector<std::string>* notes = nullptr);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/models/detail/load_bert.hpp>
#endif

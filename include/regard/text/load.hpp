// SPDX-License-Identifier: MIT
// A WordPiece tokeniser from a checkpoint folder of Hugging Face transformers.
//
//     const regard::WordPieceTokenizer tokenizer = regard::load_wordpiece("path/to/checkpoint");
//
// What is read, and what wins:
//
// - tokenizer.json, when it is there, gives the vocabulary, the settings and the added tokens; vocab.txt is
// not
//   looked at. transformers does the same: its tokenisers take the vocabulary of tokenizer.json.
// - vocab.txt otherwise, one piece a line, with the settings of bert-base-uncased.
// - tokenizer_config.json, which may be missing, changes the settings that it names. So it is in transformers
//   for the class BertTokenizer, whatever tokenizer.json says; for the class PreTrainedTokenizerFast the
//   normaliser of tokenizer.json stands, there and here. One difference is meant: a setting that
//   tokenizer.json states and tokenizer_config.json does not mention is kept, where transformers 5 would take
//   its default.
// - special_tokens_map.json and added_tokens.json, which older versions wrote, where tokenizer_config.json
// has
//   no "added_tokens_decoder".
//
// Truncation, padding and decoder settings of tokenizer.json are ignored, as are keys that are not known.
#pragma once

#include <regard/text/wordpiece.hpp>

#include <filesystem>

namespace regard::inline REGARD_ABI {

/// Reads the tokeniser of a BERT checkpoint.
/// @param folder  holds tokenizer.json or vocab.txt, and perhaps tokenizer_config.json.
/// @throws IoError          when the folder, or both tokenizer.json and vocab.txt, are missing or unreadable.
/// @throws MalformedFile    when a file breaks its format: no JSON, a key of another type, ids that are not
/// the
///                          numbers from 0 on, a special token that is not in the vocabulary.
/// @throws UnsupportedFile  when it asks for another tokeniser: another model than WordPiece, another
///                          normaliser, pre-tokeniser or template than BERT's.
REGARD_LAZY WordPieceTokenizer load_wordpiece(const std::filesystem::path& folder);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/text/detail/load.hpp>
#endif

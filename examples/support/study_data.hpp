// SPDX-License-Identifier: MIT
// The inputs of a study: a TSV file of labelled sentences, or CIFAR-10 records.
#pragma once

#include <regard/checkpoint/detail/problems.hpp>
#include <regard/core/error.hpp>
#include <regard/evaluation/plausibility.hpp>
#include <regard/models/image_model.hpp>
#include <regard/models/text_model.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace program {

/// One input to explain.
template <class Input>
struct StudyItem {
  Input input;
  std::size_t label = 0;
  std::optional<std::vector<regard::TextSpan>> rationale; ///< what people marked, where it is known
  std::size_t dropped_tokens = 0;                         ///< of the text, in windows that are left out
};

/// How a data file is read.
struct DataOptions {
  std::size_t limit = 0;   ///< of rows; 0: all
  std::string rationales;  ///< TSV: a column of "begin:end .." over white-space tokens; empty: none
  std::size_t windows = 0; ///< TSV: how many windows of a long text are taken; 0: cut as the model does
};

/// All bytes of a file.
inline std::string read_bytes(const std::filesystem::path& path, const std::string& option) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    throw regard::IoError(option + " " + path.string() + ": cannot open as a file");
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad())
    throw regard::IoError(option + " " + path.string() + ": cannot read");
  return bytes;
}

/// 64-bit FNV-1a, as 16 hexadecimal digits.
inline std::string hash_text(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  std::string text(16, '0');
  for (std::size_t digit = 16; digit-- > 0; hash >>= 4)
    text[digit] = "0123456789abcdef"[hash & 15];
  return text;
}

/// The parts of a line between tabs.
inline std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(line.find(separator, at), line.size());
    parts.push_back(line.substr(at, end - at));
    if (end == line.size())
      return parts;
    at = end + 1;
  }
}

/// Where the white-space tokens of a text lie.
inline std::vector<regard::TextSpan> white_space_tokens(std::string_view text) {
  constexpr std::string_view space = " \t\n\v\f\r";
  std::vector<regard::TextSpan> tokens;
  for (std::size_t at = text.find_first_not_of(space); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(space, at), text.size());
    tokens.push_back({at, end});
    at = text.find_first_not_of(space, end);
  }
  return tokens;
}

inline std::optional<std::size_t> parse_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return {};
  return number;
}

/// "3:5 9:10": parts of the text, from the begin of token 3 to the end of token 4, and token 9.
inline std::vector<regard::TextSpan> parse_rationale(std::string_view spans, std::string_view text,
                                                     const std::string& file, std::size_t line) {
  const std::vector<regard::TextSpan> tokens = white_space_tokens(text);
  std::vector<regard::TextSpan> rationale;
  for (const regard::TextSpan& part : white_space_tokens(spans)) {
    const std::string_view span = spans.substr(part.begin, part.end - part.begin);
    const std::size_t colon = std::min(span.find(':'), span.size());
    const auto begin = parse_number(span.substr(0, colon)),
               end = parse_number(span.substr(std::min(colon + 1, span.size())));
    if (!begin || !end || *begin >= *end || *end > tokens.size())
      throw regard::MalformedFile(file, "line " + std::to_string(line) + ": found the rationale '" +
                                            regard::detail::one_line(span.substr(0, 40)) +
                                            "', expected begin:end among the " +
                                            std::to_string(tokens.size()) + " white-space tokens");
    rationale.push_back({tokens[*begin].begin, tokens[*end - 1].end});
  }
  return rationale;
}

/// Cuts a text between white-space tokens, so that the model sees each part whole. A single word that is
/// longer than the model's input stands alone.
template <class Model>
std::vector<regard::TextSpan> cut_windows(const Model& model, std::string_view text) {
  const std::size_t added = model.encode(regard::TextInput("")).tokens.size(),
                    room = model.max_tokens() - added;
  std::vector<regard::TextSpan> windows;
  std::size_t used = 0;
  for (const regard::TextSpan& word : white_space_tokens(text)) {
    const std::size_t tokens =
        model.encode(regard::TextInput(text.substr(word.begin, word.end - word.begin))).tokens.size() - added;
    if (windows.empty() || used + tokens > room) {
      windows.push_back(word);
      used = 0;
    }
    windows.back().end = word.end;
    used += tokens;
  }
  return windows;
}

/// How many tokens a text has, however long it is.
template <class Model>
std::size_t count_tokens(const Model& model, std::string_view text) {
  const regard::Encoding encoding = model.encode(regard::TextInput(text));
  return encoding.tokens.size() + encoding.dropped_tokens - model.encode(regard::TextInput("")).tokens.size();
}

/// The class that a cell names: an index from 0, or a label of the model.
template <class Model>
std::size_t parse_label(const Model& model, std::string_view cell, const std::string& file,
                        std::size_t line) {
  const auto labels = std::span<const std::string>(model.labels());
  const auto named = std::find(labels.begin(), labels.end(), cell);
  if (named != labels.end())
    return static_cast<std::size_t>(named - labels.begin());
  const auto index = parse_number(cell);
  if (!index || *index >= labels.size())
    throw regard::MalformedFile(file, "line " + std::to_string(line) + ": found the label '" +
                                          regard::detail::one_line(cell.substr(0, 40)) + "', expected 0 to " +
                                          std::to_string(labels.size() - 1) + " or a label of the model");
  return *index;
}

/// A TSV file: a header line with the columns `sentence` and `label`, then a line for each text.
template <class Model>
std::vector<StudyItem<regard::TextInput>> read_tsv(const Model& model, const std::string& file,
                                                   std::string_view bytes, const DataOptions& options) {
  if (bytes.starts_with("\xef\xbb\xbf")) // a byte order mark, as spreadsheets write it
    bytes.remove_prefix(3);
  std::vector<std::string_view> lines = split(bytes, '\n');
  for (std::string_view& line : lines)
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
  while (!lines.empty() && lines.back().empty())
    lines.pop_back();
  const std::vector<std::string_view> header = lines.empty() ? lines : split(lines.front(), '\t');
  const auto column = [&](const std::string& name) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found == header.end())
      throw regard::MalformedFile(file, "line 1: found no column '" + name +
                                            "', expected a header line with " +
                                            "sentence and label, separated by tabs");
    return static_cast<std::size_t>(found - header.begin());
  };
  const std::size_t sentence = column("sentence"), label = column("label"),
                    rationales = options.rationales.empty() ? 0 : column(options.rationales);

  std::vector<StudyItem<regard::TextInput>> items;
  for (std::size_t l = 1; l < lines.size() && (options.limit == 0 || l <= options.limit); ++l) {
    const std::vector<std::string_view> cells = split(lines[l], '\t');
    if (cells.size() != header.size())
      throw regard::MalformedFile(file, "line " + std::to_string(l + 1) + ": found " +
                                            std::to_string(cells.size()) + " columns, expected " +
                                            std::to_string(header.size()) + " as in the header");
    const std::string_view text = cells[sentence];
    StudyItem<regard::TextInput> item{
        regard::TextInput(text), parse_label(model, cells[label], file, l + 1), {}, 0};
    std::vector<regard::TextSpan> rationale;
    if (!options.rationales.empty()) {
      rationale = parse_rationale(cells[rationales], text, file, l + 1);
      item.rationale = rationale;
    }
    if (options.windows == 0) {
      items.push_back(std::move(item));
      continue;
    }
    const std::vector<regard::TextSpan> windows = cut_windows(model, text);
    for (std::size_t w = 0; w < std::min(options.windows, windows.size()); ++w) {
      const regard::TextSpan& window = windows[w];
      item.input = regard::TextInput(text.substr(window.begin, window.end - window.begin));
      if (item.rationale) {
        item.rationale->clear();
        for (const regard::TextSpan& span : rationale)
          if (const std::size_t begin = std::max(span.begin, window.begin),
              end = std::min(span.end, window.end);
              begin < end)
            item.rationale->push_back({begin - window.begin, end - window.begin});
      }
      item.dropped_tokens = w + 1 == options.windows && windows.size() > options.windows
                                ? count_tokens(model, text.substr(window.end))
                                : 0;
      items.push_back(item);
    }
  }
  return items;
}

/// CIFAR-10's record form: a label byte and 3 x 32 x 32 bytes, planes of red, green and blue.
template <class Model>
std::vector<StudyItem<regard::ImageInput>> read_cifar(const Model& model, const std::string& file,
                                                      std::string_view bytes, const DataOptions& options) {
  constexpr std::size_t side = 32, area = side * side, record = 1 + 3 * area;
  if (bytes.empty() || bytes.size() % record != 0)
    throw regard::MalformedFile(file, "found " + std::to_string(bytes.size()) +
                                          " bytes, expected a multiple of 3073, CIFAR-10's record");
  std::vector<StudyItem<regard::ImageInput>> items;
  for (std::size_t r = 0; r < bytes.size() / record && (options.limit == 0 || r < options.limit); ++r) {
    const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data()) + r * record;
    const std::size_t classes = model.labels().size();
    if (*data >= classes)
      throw regard::MalformedFile(file, "record " + std::to_string(r) + ": found the label " +
                                            std::to_string(*data) + ", expected 0 to " +
                                            std::to_string(classes - 1));
    regard::Image image({side, side, 3});
    for (std::size_t i = 0; i < area; ++i)
      for (std::size_t c = 0; c < 3; ++c)
        image.data()[3 * i + c] = data[1 + c * area + i];
    items.push_back({regard::ImageInput(std::move(image), "record " + std::to_string(r)), *data, {}, 0});
  }
  return items;
}

} // namespace program

// SPDX-License-Identifier: MIT
// A file of results that a program can be killed over: a header line that says what was run, then a line for
// each input, in the order of the inputs, written as they come. The same run gives the same bytes however
// often it was interrupted.
#pragma once

#include <regard/core/error.hpp>
#include <regard/core/output.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#endif

namespace program {

using Json = nlohmann::ordered_json;

/// A line of results, as it stands in the file and as it reads.
struct ResultLine {
  std::string text;
  Json json;
};

/// What a results file holds: complete lines alone.
struct Results {
  Json header;
  std::vector<ResultLine> lines;
  std::size_t bytes = 0;           ///< of header and lines
  std::optional<std::string> torn; ///< what stands behind the last line end
};

inline std::optional<Json> parse_json(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    return {};
  return json;
}

/// Without what controls a terminal.
inline std::string printable(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
    const bool wide = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    if (byte < 0x20 || byte == 0x7f || wide) // U+0080 to U+009F have two bytes
      text.replace(i, wide ? 2 : 1, " ");
  }
  return text;
}

/// A hundred bytes of a text, from `begin` on, and dots where there is more.
inline std::string excerpt(const std::string& text, std::size_t begin = 0) {
  const auto inside = [&](std::size_t at) { // a character
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  while (begin > 0 && inside(begin))
    --begin;
  std::size_t end = std::min(text.size(), begin + 100);
  while (end > begin && inside(end))
    --end;
  return (begin > 0 ? ".." : "") + text.substr(begin, end - begin) + (end < text.size() ? ".." : "");
}

inline std::string first_words(std::string text) {
  return excerpt(printable(std::move(text)));
}

/// Reads lines of JSON objects. A last line without its end was torn by an interruption: it is left out.
inline Results read_results(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    throw regard::IoError(path.string() + ": cannot open as a results file");
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad())
    throw regard::IoError(path.string() + ": cannot read");
  Results results;
  std::size_t number = 0;
  for (std::size_t end; (end = bytes.find('\n', results.bytes)) != std::string::npos;
       results.bytes = end + 1) {
    std::string text = bytes.substr(results.bytes, end - results.bytes);
    auto json = parse_json(text);
    if (!json)
      throw regard::MalformedFile(path.string(), "line " + std::to_string(number + 1) + ": found '" +
                                                     first_words(text) + "', expected a line of results");
    if (number++ == 0)
      results.header = std::move(*json);
    else
      results.lines.push_back({std::move(text), std::move(*json)});
  }
  if (results.bytes < bytes.size())
    results.torn = bytes.substr(results.bytes);
  return results;
}

/// A value as messages show it.
inline std::string shown(const Json& value) {
  return first_words(value.dump());
}

/// "found A, expected B" of two values that differ; of long ones what stands around the first difference.
inline std::string contrast(const Json& found, const Json& expected,
                            const std::string& between = ", expected ") {
  const std::string one = printable(found.dump()), other = printable(expected.dump());
  std::size_t begin = 0;
  if (std::max(one.size(), other.size()) > 100) {
    const auto first = std::mismatch(one.begin(), one.end(), other.begin(), other.end()).first;
    const auto same = static_cast<std::size_t>(first - one.begin());
    begin = same > 40 ? same - 40 : 0;
  }
  return "found " + excerpt(one, begin) + between + excerpt(other, begin);
}

/// Names what differs between two headers; empty where nothing does. `shard` is left to the caller.
inline std::string header_difference(const Json& found, const Json& expected) {
  constexpr std::size_t enough = 8;
  std::string text;
  std::size_t differences = 0;
  const auto note = [&](const std::string& key, const std::string& what) {
    if (++differences <= enough)
      text += (text.empty() ? "" : "; ") + first_words(key) + ": " + what;
  };
  for (const auto& [key, value] : expected.items())
    if (key != "shard" && (!found.contains(key) || found[key] != value))
      note(key,
           found.contains(key) ? contrast(found[key], value) : "found nothing, expected " + shown(value));
  for (const auto& [key, value] : found.items())
    if (key != "shard" && !expected.contains(key))
      note(key, "found " + shown(value) + ", expected nothing");
  if (differences > enough)
    text += "; and " + std::to_string(differences - enough) + " more";
  return text;
}

/// Refuses a header that does not name what the columns of the lines are.
inline void check_header(const std::filesystem::path& path, const Json& header) {
  const auto names = [&](const char* key) {
    return header.contains(key) && header[key].is_array() &&
           std::all_of(header[key].begin(), header[key].end(),
                       [](const Json& name) { return name.is_string(); });
  };
  if (!header.is_object() || !header.contains("regard_comparison") || !names("methods") ||
      !names("columns") || !header.contains("inputs") || !header["inputs"].is_number_unsigned())
    throw regard::MalformedFile(path.string(),
                                "found no header line, expected a results file of compare_methods");
}

/// Refuses a line that does not hold what its header says. The header has been checked.
inline void check_line(const std::filesystem::path& path, std::size_t number, const Json& header,
                       const Json& line) {
  const auto whole = [&](const char* key) { return line.contains(key) && line[key].is_number_unsigned(); };
  const std::size_t methods = header["methods"].size(), columns = header["columns"].size();
  // A row of numbers for each method; row m has as many as length(m) says.
  const auto table = [&](const char* key, const auto& length) {
    if (!line.contains(key) || !line[key].is_array() || line[key].size() != methods)
      return false;
    for (std::size_t m = 0; m < methods; ++m) {
      const Json& row = line[key][m];
      if (!row.is_array() || row.size() != length(m) ||
          !std::all_of(row.begin(), row.end(),
                       [](const Json& value) { return value.is_number() || value.is_null(); }))
        return false;
    }
    return true;
  };
  const auto all_columns = [&](std::size_t) { return columns; };
  const auto methods_before = [](std::size_t m) { return m; };
  const bool counted = whole("input") && whole("label") && whole("players") && whole("dropped_tokens");
  const bool skipped = line.contains("skipped") && line["skipped"].is_string();
  const bool correlated =
      !line.contains("spearman") || (table("spearman", methods_before) && table("kendall", methods_before));
  const bool scored = whole("prediction") && table("scores", all_columns) && correlated;
  if (!counted || (!skipped && !scored))
    throw regard::MalformedFile(path.string(), "line " + std::to_string(number) + ": found '" + shown(line) +
                                                   "', expected the numbers that the header names");
}

/// A text file that grows by whole lines.
class LineFile {
 public:
  /// Opens `path` to append to its first `bytes` bytes: what stands behind them is cut off.
  LineFile(std::filesystem::path path, std::size_t bytes) : path_(std::move(path)), bytes_(bytes) {
    stream_.open(path_, std::ios::binary | std::ios::app);
    if (!stream_)
      throw regard::IoError("cannot write " + path_.string());
    std::error_code error;
    if (std::filesystem::file_size(path_, error) > bytes)
      std::filesystem::resize_file(path_, bytes, error);
    if (error)
      throw regard::IoError("cannot write " + path_.string() + ": " + error.message());
  }

  void append(const std::string& line) {
    errno = 0;
    stream_ << line + "\n" << std::flush;
    if (stream_) {
      bytes_ += line.size() + 1;
      return;
    }
    const int reason = errno != 0 ? errno : EIO;
    stream_.close();
    std::error_code ignored; // a part of the line may stand there; a resumed run would cut it off too
    std::filesystem::resize_file(path_, bytes_, ignored);
    throw regard::IoError("cannot write " + path_.string() + ": " +
                          std::error_code(reason, std::generic_category()).message());
  }

 private:
  std::filesystem::path path_;
  std::size_t bytes_;
  std::ofstream stream_;
};

/// Keeps a second program from writing to the same file, where the system can.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path) {
#if defined(__unix__) || defined(__APPLE__)
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0)
      throw regard::IoError("cannot write " + path.string() + ": " +
                            std::error_code(errno, std::generic_category()).message());
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(descriptor_);
      throw regard::IoError(path.string() + ": another run is writing to it");
    }
#else
    (void)path;
#endif
  }
  ~FileLock() {
#if defined(__unix__) || defined(__APPLE__)
    ::close(descriptor_);
#endif
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

/// The timings that belong to a results file.
inline std::filesystem::path timings_of(std::filesystem::path results) {
  return results += ".timings";
}

/// A results file that is continued, or begun.
class ResultsFile {
 public:
  /// @param header    what is run
  /// @param expected  the number of each input, in the order of the lines
  /// Throws MalformedFile when the file is no results file, or one of another configuration.
  ResultsFile(const std::filesystem::path& path, const Json& header, const std::vector<std::size_t>& expected)
      : lock_(path) {
    if (!std::filesystem::is_regular_file(path)) // a device may have no end
      throw regard::IoError(path.string() + ": found no regular file, expected a results file or none yet");
    Results found = read_results(path);
    const std::string first = header.dump();
    if (found.header.is_null()) {
      if (found.torn && first.compare(0, found.torn->size(), *found.torn) != 0)
        throw regard::MalformedFile(path.string(), "found '" + first_words(*found.torn) +
                                                       "', expected a results file of this configuration");
      file_.emplace(path, 0);
      timings_.emplace(timings_of(path), 0);
      file_->append(first);
      timings_->append(first);
      return;
    }
    check(path, found, header, expected);
    file_.emplace(path, found.bytes);
    lines_ = std::move(found.lines);
    std::size_t timing_bytes = 0;
    if (std::filesystem::exists(timings_of(path)))
      timing_bytes = read_results(timings_of(path)).bytes;
    timings_.emplace(timings_of(path), timing_bytes);
    if (timing_bytes == 0)
      timings_->append(first);
  }

  /// The lines that were there.
  const std::vector<ResultLine>& lines() const { return lines_; }

  void append(const std::string& result, const std::string& timing) {
    timings_->append(timing);
    file_->append(result);
  }

 private:
  static void check(const std::filesystem::path& path, const Results& found, const Json& header,
                    const std::vector<std::size_t>& expected) {
    std::string difference = header_difference(found.header, header);
    const Json none;
    const Json shard = header.contains("shard") ? header["shard"] : none,
               other = found.header.contains("shard") ? found.header["shard"] : none;
    if (shard != other)
      difference +=
          (difference.empty() ? "" : "; ") + ("shard: found " + shown(other) + ", expected " + shown(shard));
    if (!difference.empty())
      throw regard::MalformedFile(path.string(),
                                  "holds results of another configuration: " + difference +
                                      "; name another file with --resume, or repeat that configuration");
    for (std::size_t i = 0; i < found.lines.size(); ++i)
      if (i >= expected.size() || found.lines[i].json.value("input", Json()) != Json(expected[i]))
        throw regard::MalformedFile(
            path.string(),
            "line " + std::to_string(i + 2) + ": found input " +
                shown(found.lines[i].json.value("input", Json())) + ", expected " +
                (i < expected.size() ? std::to_string(expected[i]) : std::string("no further one")));
    for (std::size_t i = 0; i < found.lines.size(); ++i)
      check_line(path, i + 2, header, found.lines[i].json);
  }

  FileLock lock_;
  std::optional<LineFile> file_, timings_;
  std::vector<ResultLine> lines_;
};

/// The results of shards as one: every input once, in order.
struct MergedResults {
  Json header; ///< without shard
  std::vector<ResultLine> lines;
  std::vector<ResultLine> timings;

  std::string results_text() const { return text(lines); }
  std::string timings_text() const { return text(timings); }

 private:
  std::string text(const std::vector<ResultLine>& of) const {
    std::string result = header.dump() + "\n";
    for (const ResultLine& line : of)
      result += line.text + "\n";
    return result;
  }
};

inline std::vector<ResultLine> by_input(std::vector<ResultLine> lines) {
  std::stable_sort(lines.begin(), lines.end(), [](const ResultLine& a, const ResultLine& b) {
    return a.json.at("input").get<std::size_t>() < b.json.at("input").get<std::size_t>();
  });
  return lines;
}

/// Timings of an input that was begun twice stand twice: the last ones count.
inline std::vector<ResultLine> last_of_each(std::vector<ResultLine> lines) {
  lines = by_input(std::move(lines));
  std::vector<ResultLine> kept;
  for (ResultLine& line : lines) {
    if (!kept.empty() && kept.back().json.at("input") == line.json.at("input"))
      kept.pop_back();
    kept.push_back(std::move(line));
  }
  return kept;
}

inline MergedResults merge_results(const std::vector<std::string>& files) {
  MergedResults merged;
  std::map<std::size_t, std::string> file_of; // of each input
  for (const std::string& file : files) {
    Results found = read_results(file);
    check_header(file, found.header);
    found.header.erase("shard");
    if (merged.header.is_null())
      merged.header = found.header;
    else if (const std::string difference = header_difference(found.header, merged.header);
             !difference.empty())
      throw regard::MalformedFile(file, "holds results of another configuration than " + files.front() +
                                            ": " + difference);
    const auto inputs = merged.header["inputs"].get<std::size_t>();
    for (std::size_t i = 0; i < found.lines.size(); ++i) {
      ResultLine& line = found.lines[i];
      check_line(file, i + 2, merged.header, line.json);
      const auto input = line.json["input"].get<std::size_t>();
      const auto [first, added] = file_of.try_emplace(input, file);
      if (!added || input >= inputs)
        throw regard::MalformedFile(
            file,
            "line " + std::to_string(i + 2) + ": found input " + std::to_string(input) +
                (added ? ", expected less than " + std::to_string(inputs)
                       : " twice, it is in " + first->second + "; expected shards without a common input"));
      merged.lines.push_back(std::move(line));
    }
    if (std::filesystem::exists(timings_of(file)))
      for (ResultLine& line : read_results(timings_of(file)).lines)
        if (line.json.contains("input") && line.json["input"].is_number_unsigned())
          merged.timings.push_back(std::move(line));
  }
  merged.lines = by_input(std::move(merged.lines));
  merged.timings = last_of_each(std::move(merged.timings));
  const auto inputs = merged.header["inputs"].get<std::size_t>();
  for (std::size_t i = 0; i < inputs; ++i)
    if (file_of.count(i) == 0)
      throw regard::MalformedFile("--merge", "found no result of input " + std::to_string(i) + " of " +
                                                 std::to_string(inputs) + " in " +
                                                 (files.size() == 1 ? files.front() : "any of the files") +
                                                 ", expected all; is a shard missing or not done?");
  return merged;
}

} // namespace program

// SPDX-License-Identifier: MIT
// What the example programs share: the common options, exit codes, where output goes and where models are.
#pragma once

#include <regard/core/detail/escape.hpp>
#include <regard/core/error.hpp>
#include <regard/core/output.hpp>
#include <regard/shapley/attention_games.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace program {

/// Options that every program takes.
struct CommonOptions {
  std::uint64_t seed = 0;
  std::size_t threads = 0; ///< 0: all processors
  std::string format = "table";
  std::string output;

  bool json() const { return format == "json"; }
};

/// Refuses, before any work, a file whose folder does not exist.
inline void check_folder_of(const std::string& option, const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  std::error_code error;
  if (!folder.empty() && !std::filesystem::is_directory(folder, error))
    throw regard::IoError(option + " " + file + ": the folder does not exist");
}

/// A check for whole numbers: CLI11 reads "-1", "" and what is too large as numbers too.
inline std::string digits(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size()
             ? std::string()
             : "found '" + text + "', expected a whole number from 0 to 18446744073709551615";
}

/// The same for what must be 1 at least.
inline std::string positive(const std::string& text) {
  std::string problem = digits(text);
  if (!problem.empty() || text.find_first_not_of('0') != std::string::npos)
    return problem;
  return "found '" + text + "', expected a whole number from 1";
}

inline void add_common_options(CLI::App& app, CommonOptions& options) {
  app.add_option("--seed", options.seed, "seed of everything that is random (default 0)")->check(digits);
  app.add_option("--threads", options.threads, "number of threads (default: all processors)")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1024}));
  app.add_option("--format", options.format, "table or json (default table)")
      ->check(CLI::IsMember({"table", "json"}));
  app.add_option("--output", options.output,
                 "write to this file, whole or not at all (default: standard output)");
}

/// Refuses, before any work, files that cannot be written or are named twice. Empty names are no files.
inline void check_files(const std::vector<std::pair<std::string, std::string>>& files) {
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code error, other;
    const auto place = std::filesystem::weakly_canonical(a, error);
    return a == b || (place == std::filesystem::weakly_canonical(b, other) && !error && !other);
  };
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& [option, file] = files[i];
    if (file.empty())
      continue;
    check_folder_of(option, file);
    for (std::size_t k = 0; k < i; ++k)
      if (!files[k].second.empty() && same(files[k].second, file))
        throw regard::InvalidArgument(option + " and " + files[k].first +
                                      ": found the same file, expected two");
  }
}

/// Whether standard output is a terminal that should show colour.
inline bool color_terminal() {
#if defined(__unix__) || defined(__APPLE__)
  const char* const term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr && term != nullptr &&
         std::string(term) != "dumb";
#else
  return false;
#endif
}

/// Where the text of a run goes: to standard output as it comes, or to a file that is written at the end.
class Output {
 public:
  explicit Output(std::string file) : file_(std::move(file)) {
    if (!file_.empty())
      check_folder_of("--output", file_);
  }

  bool color() const { return file_.empty() && color_terminal(); }

  void write(const std::string& text) {
    if (!file_.empty()) {
      collected_ += text;
      return;
    }
    std::cout << text << std::flush;
    if (!std::cout)
      throw regard::IoError("standard output: cannot write");
  }

  void finish() {
    if (!file_.empty())
      regard::write_file(file_, collected_);
  }

 private:
  std::string file_;
  std::string collected_;
};

/// A bundled model: next to the program in the build tree, under share/ where it is installed.
inline std::filesystem::path bundled_model(const char* program, const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error)
    self = fs::weakly_canonical(program, error);
  const fs::path folder = self.parent_path();
  for (const fs::path& place :
       {folder / "models" / name, folder / ".." / "share" / "regard" / "models" / name})
    if (fs::is_directory(place, error))
      return place.lexically_normal();
  throw regard::IoError("the bundled model " + name + " was not found beside " + self.string() +
                        "; name a checkpoint folder with --model");
}

/// Refuses options that were given nothing: an unset variable of the shell must not pass for "not given".
/// Texts may be empty.
inline void refuse_empty(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& value : option->results())
      if (value.empty() && option->get_items_expected_max() > 0 && option->get_name() != "--text" &&
          option->get_name() != "--pair")
        throw regard::InvalidArgument(option->get_name() + ": found nothing, expected a value");
}

/// Runs `body` and turns what it throws into an exit code and one line on standard error:
/// 0 success, 2 bad usage, 1 any other failure.
inline int run(CLI::App& app, int argc, char** argv, const std::function<void()>& body) {
  const auto complain = [&](const std::string& message, int code) {
    std::string line = message;
    for (char& c : line)
      if (c == '\n' || c == '\r')
        c = ' ';
    std::cerr << app.get_name() << ": " << regard::detail::escaped(line) << '\n';
    return code;
  };
  try {
    app.parse(argc, argv);
    refuse_empty(app);
    body();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) { // --help, --version
      app.exit(error);
      std::cout.flush();
      return std::cout ? 0 : complain("standard output: cannot write", 1);
    }
    return complain(error.what(), 2);
  } catch (const regard::InvalidArgument& error) {
    return complain(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return complain("out of memory", 1);
  } catch (const std::exception& error) {
    return complain(error.what(), 1);
  }
  return 0;
}

/// Parses the names that the library's own to_string gives.
inline regard::Singleton parse_singleton(const std::string& text) {
  for (const auto singleton : {regard::Singleton::self, regard::Singleton::zero, regard::Singleton::additive})
    if (text == to_string(singleton))
      return singleton;
  throw regard::InvalidArgument("--singleton: found '" + text + "', expected self, zero or additive");
}

/// Parses "0,1,5" or "all" (an empty list).
inline std::vector<std::size_t> parse_layers(const std::string& text) {
  std::vector<std::size_t> layers;
  if (text == "all")
    return layers;
  std::size_t at = 0;
  for (;;) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string item = text.substr(at, comma - at);
    if (item.empty() || item.size() > 6 || item.find_first_not_of("0123456789") != std::string::npos)
      throw regard::InvalidArgument("--layers: found '" + text + "', expected all or numbers such as 0,1,5");
    layers.push_back(std::stoul(item));
    if (comma == text.size())
      return layers;
    at = comma + 1;
  }
}

} // namespace program

// SPDX-License-Identifier: MIT
#include "checkpoint/files.hpp"

#include <regard/checkpoint/safetensors.hpp>

#include <limits>

using regard::DataType;
using regard::MalformedFile;
using regard::Mapping;
using regard::SafeTensors;
using regard::UnsupportedFile;
using regard_test::check_holds;
using regard_test::entry;
using regard_test::little_endian;
using regard_test::message_of;
using regard_test::safetensors;
using regard_test::TemporaryFolder;

namespace {

/// Writes `bytes` to a file and checks that opening it fails with a message that holds its path and `parts`.
template <class Exception = MalformedFile>
void check_refused(const std::string& bytes, std::vector<std::string> parts) {
  const TemporaryFolder folder;
  const auto path = folder.write("model.safetensors", bytes);
  parts.push_back(path.string());
  check_holds(message_of<Exception>([&] { SafeTensors::open(path); }), parts);
}

} // namespace

TEST_CASE("every data type has a name and a width, and the name finds it", "[safetensors]") {
  for (int i = 0; i <= static_cast<int>(DataType::u64); ++i) {
    const auto type = static_cast<DataType>(i);
    CHECK(regard::find_data_type(regard::to_string(type)) == type);
    CHECK(regard::bits_per_element(type) >= 4);
  }
  CHECK(regard::to_string(DataType::bf16) == "BF16");
  CHECK(regard::bits_per_element(DataType::f6_e2m3) == 6);
  CHECK(regard::bits_per_element(DataType::boolean) == 8);
  CHECK(regard::bits_per_element(DataType::c64) == 64);
  CHECK_FALSE(regard::find_data_type("F7"));
}

TEST_CASE("names, types, shapes, bytes and metadata are read as written", "[safetensors]") {
  const TemporaryFolder folder;
  const std::string header = R"({"__metadata__":{"format":"pt"},)" + entry("b", "U8", "[2,3]", 0, 6) + ',' +
                             entry("a", "F4", "[4]", 6, 8) + ',' + entry("empty", "F32", "[0,7]", 8, 8) +
                             ',' + entry("scalar", "I16", "[]", 8, 10) + "}   ";
  const auto path = folder.write("model.safetensors", safetensors(header, "abcdefghij"));
  const auto file = SafeTensors::open(path, GENERATE(Mapping::map, Mapping::copy));
  CHECK(file.names() == std::vector<std::string>{"a", "b", "empty", "scalar"});
  CHECK(file.metadata().at("format") == "pt");
  CHECK(file.file() == path.string());
  const regard::TensorInfo* const b = file.find("b");
  REQUIRE(b != nullptr);
  CHECK(b->dtype == DataType::u8);
  CHECK(b->shape == std::vector<regard::Index>{2, 3});
  CHECK(std::string(reinterpret_cast<const char*>(b->bytes.data()), b->bytes.size()) == "abcdef");
  CHECK(file.find("empty")->bytes.empty());
  CHECK(file.find("scalar")->shape.empty());
  CHECK(file.find("c") == nullptr);
}

TEST_CASE("a file without tensors is well formed", "[safetensors]") {
  const TemporaryFolder folder;
  CHECK(SafeTensors::open(folder.write("none", safetensors("{}"))).tensors().empty());
  CHECK(SafeTensors::open(folder.write("null", safetensors(R"({"__metadata__":null})"))).metadata().empty());
}

TEST_CASE("the views outlive the object that made them", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder.write("model", safetensors('{' + entry("a", "U8", "[3]", 0, 3) + '}', "xyz"));
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> keep_alive;
  {
    const auto file = SafeTensors::open(path);
    bytes = file.find("a")->bytes;
    keep_alive = file.keep_alive();
  }
  CHECK(bytes[2] == std::byte{'z'});
}

TEST_CASE("a wrong length of the header is refused before it is used", "[safetensors]") {
  check_refused("", {"found 0 bytes", "expected at least the 8"});
  check_refused("abc", {"found 3 bytes"});
  check_refused(little_endian(3) + "{}",
                {"length of the header: found 3, expected at most 2", "rest of the file"});
  check_refused(little_endian(std::numeric_limits<std::uint64_t>::max()) + "{}",
                {"found 18446744073709551615, expected at most 2"});
  check_refused(little_endian(std::numeric_limits<std::uint64_t>::max() - 7) + "{}",
                {"found 18446744073709551608, expected at most 2"});
  check_refused(little_endian(0), {"beginning of the header: found nothing, expected '{'"});
  check_refused(safetensors(" {}"), {"beginning of the header: found byte 32, expected '{'"});
  check_refused(safetensors("[]"), {"expected '{'"});
}

TEST_CASE("a header beyond the format's limit is refused", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder.write("model.safetensors", little_endian(100'000'001) + "{}");
  std::filesystem::resize_file(path, 100'000'100); // of holes, where the system has them
  check_holds(message_of<MalformedFile>([&] { SafeTensors::open(path); }),
              {path.string(), "length of the header: found 100000001, expected at most 100000000"});
}

TEST_CASE("a truncated file is refused, wherever it ends", "[safetensors]") {
  const std::string whole = safetensors(
      '{' + entry("a", "F32", "[2]", 0, 8) + ',' + entry("b", "F32", "[1]", 8, 12) + '}', "0123456789ab");
  const TemporaryFolder folder;
  CHECK(SafeTensors::open(folder.write("whole", whole)).tensors().size() == 2);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto path = folder.write("part", whole.substr(0, size));
    INFO(size);
    CHECK_THROWS_AS(SafeTensors::open(path), MalformedFile);
  }
  check_refused(whole.substr(0, whole.size() - 1),
                {"\"b\"", "data_offsets: found [8, 12]", "11 bytes of data"});
}

TEST_CASE("broken JSON is refused", "[safetensors]") {
  check_refused(safetensors("{"), {"no valid JSON", "line 1"});
  check_refused(safetensors("{\"a\":\xff}"), {"no valid JSON"});
  check_refused(safetensors("{\"a\n\":1}"), {"no valid JSON"});
  check_refused(safetensors("{} {}"), {"no valid JSON"});
  check_refused(safetensors("{\"a\":1e999}"), {"no valid JSON", "1e999"});
  check_refused(safetensors(std::string("{}\0\0", 4)), {"NUL at byte 2", "expected none"});
  check_refused(safetensors(std::string("{}\0{\"a\":1}", 10)), {"NUL at byte 2"});
}

TEST_CASE("deeply nested JSON is refused without recursion", "[safetensors]") {
  check_refused(safetensors("{\"a\":" + std::string(1'000'000, '[')), {"nested more than 64", "at most 64"});
  std::string objects;
  for (int i = 0; i < 100'000; ++i)
    objects += "{\"a\":";
  check_refused(safetensors(objects), {"nested more than 64"});
}

TEST_CASE("a repeated key is refused, at any depth", "[safetensors]") {
  const std::string a = entry("a", "U8", "[1]", 0, 1);
  check_refused(safetensors('{' + a + ',' + a + '}', "x"), {"key \"a\": found twice, expected once"});
  check_refused(safetensors(R"({"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", "x"),
                {"key \"dtype\": found twice"});
  check_refused(safetensors(R"({"__metadata__":{"k":"1","\u006b":"2"}})"), {"key \"k\": found twice"});
}

TEST_CASE("wrong JSON types are refused by tensor and field", "[safetensors]") {
  check_refused(safetensors(R"({"a":7})"), {"tensor \"a\": found 7", "expected an object"});
  check_refused(safetensors(R"({"a":{"shape":[],"data_offsets":[0,0]}})"),
                {"tensor \"a\": dtype: found nothing, expected a string"});
  check_refused(safetensors(R"({"a":{"dtype":3,"shape":[],"data_offsets":[0,0]}})"), {"dtype: found 3"});
  check_refused(safetensors(R"({"a":{"dtype":"U8","data_offsets":[0,0]}})"),
                {"shape: found nothing, expected an array"});
  check_refused(safetensors(R"({"a":{"dtype":"U8","shape":{},"data_offsets":[0,0]}})"),
                {"shape: found an object"});
  for (const std::string extent :
       {"-1", "1.0", "\"1\"", "1e0", "18446744073709551616", "[1]", "null", "true"})
    check_refused(
        safetensors(R"({"a":{"dtype":"U8","shape":[)" + extent + R"(],"data_offsets":[0,1]}})", "x"),
        {"tensor \"a\": shape: found ", "expected an integer from 0"});
  check_refused(safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})"),
                {"data_offsets: found an array of 1, expected an array of 2"});
  check_refused(safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})"),
                {"found an array of 3"});
  check_refused(safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}})"),
                {"data_offsets: found -1, expected an integer"});
  check_refused(safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1.5]}})"), {"found 1.5"});
  check_refused(safetensors(R"({"__metadata__":[]})"), {"__metadata__: found an array of 0"});
  check_refused(safetensors(R"({"__metadata__":{"k":1}})"),
                {"__metadata__: \"k\": found 1, expected a string"});
}

TEST_CASE("an unknown data type is unsupported, by name, and malformed beside a broken rule",
          "[safetensors]") {
  const std::string unknown = entry("odd", "F128", "[1]", 0, 16);
  check_refused<UnsupportedFile>(safetensors('{' + unknown + '}', std::string(16, 'x')),
                                 {"tensor \"odd\": dtype: found \"F128\"", "expected one of BOOL", "BF16"});
  check_refused(safetensors('{' + unknown + ",\"b\":1}", std::string(16, 'x')),
                {"2 problems", "tensor \"odd\"", "tensor \"b\""});
}

TEST_CASE("the byte count must be what shape and type ask for", "[safetensors]") {
  check_refused(safetensors('{' + entry("a", "F32", "[2,3]", 0, 20) + '}', std::string(20, 'x')),
                {"tensor \"a\": data_offsets: found 20 bytes, expected 24 for [2, 3] of F32"});
  check_refused(safetensors('{' + entry("a", "F4", "[3]", 0, 2) + '}', "xx"),
                {"found [3] of F4, 12 bits, expected a whole number of bytes"});
  check_refused(safetensors('{' + entry("a", "U8", "[4294967296,4294967296]", 0, 0) + '}'),
                {"shape: found [4294967296, 4294967296] of U8, expected less than 2^64 bits"});
  check_refused(safetensors('{' + entry("a", "F64", "[2305843009213693952]", 0, 0) + '}'),
                {"less than 2^64 bits"});
  check_refused(safetensors('{' + entry("a", "U8", "[18446744073709551615]", 0, 0) + '}'),
                {"less than 2^64 bits"});
}

TEST_CASE("ranges lie within the data and cover it without overlap or hole", "[safetensors]") {
  const auto two = [](std::size_t begin_a, std::size_t end_a, std::size_t begin_b, std::size_t end_b) {
    return '{' + entry("a", "U8", '[' + std::to_string(end_a - begin_a) + ']', begin_a, end_a) + ',' +
           entry("b", "U8", '[' + std::to_string(end_b - begin_b) + ']', begin_b, end_b) + '}';
  };
  check_refused(safetensors('{' + entry("a", "U8", "[4]", 0, 4) + '}', "xxx"),
                {"tensor \"a\": data_offsets: found [0, 4], expected a range within the 3 bytes"});
  check_refused(safetensors('{' + entry("a", "U8", "[4]", 4, 0) + '}', "xxxx"), {"found [4, 0]"});
  check_refused(
      safetensors(
          R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551615,18446744073709551615]}})",
          "x"),
      {"found [18446744073709551615, 18446744073709551615]"});
  check_refused(safetensors(two(0, 4, 2, 6), "xxxxxx"),
                {"tensor \"b\": data_offsets: found a range that begins at 2 and overlaps", "expected 4",
                 "the end of \"a\""});
  check_refused(safetensors(two(0, 6, 2, 4), "xxxxxx"), {"tensor \"b\"", "overlaps"});
  check_refused(
      safetensors(two(0, 2, 3, 6), "xxxxxx"),
      {"tensor \"b\": data_offsets: found a range that begins at 3 and leaves a hole", "expected 2"});
  check_refused(safetensors(two(1, 2, 2, 6), "xxxxxx"),
                {"tensor \"a\"", "begins at 1", "expected 0, the beginning of the data"});
  check_refused(safetensors(two(0, 2, 2, 5), "xxxxxx"),
                {"found 6 bytes of data, expected 5, the end of \"b\""});
  check_refused(safetensors("{}", "x"), {"found 1 bytes of data, expected 0"});
  const TemporaryFolder folder; // the order in the header does not matter
  CHECK(SafeTensors::open(folder.write("order", safetensors(two(2, 6, 0, 2), "xxxxxx"))).tensors().size() ==
        2);
}

TEST_CASE("all problems of a header are told together, on one line, whatever the names", "[safetensors]") {
  std::string header = "{";
  for (int i = 0; i < 7; ++i)
    header.append(i == 0 ? "" : ",").append(entry("bad\\n" + std::to_string(i), "U8", "[1]", 0, 9));
  const TemporaryFolder folder;
  const auto path = folder.write("model.safetensors", safetensors(header + '}', "x"));
  const auto message = message_of<MalformedFile>([&] { SafeTensors::open(path); });
  check_holds(message, {"7 problems", "tensor \"bad\\x0a0\"", "and 2 more"});
  try {
    SafeTensors::open(path);
  } catch (const regard::FileError& error) {
    CHECK(error.problems().size() == 7);
    CHECK(error.file() == path.string());
  }
  const auto second =
      folder.write("c1", safetensors("{" + entry("a\xc2\x9b\x62\xc2\xa0", "U8", "[1]", 0, 9) + '}', "x"));
  check_holds(message_of<MalformedFile>([&] { SafeTensors::open(second); }), {"\"a\\xc2\\x9bb\xc2\xa0\""});
  const std::string long_name(10'000, 'n');
  CHECK(message_of<MalformedFile>([&] {
          SafeTensors::open(folder.write("long", safetensors("{\"" + long_name + "\":1}")));
        }).size() < 1000);
}

#include "shoal/replay/trace_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

#include "shoal/base/hash.h"
#include "shoal/base/text.h"
#include "shoal/replay/byte_source.h"

namespace shoal::replay {
namespace {

struct FormatName {
  std::string_view name;
  TraceFormat format;
  std::string_view suffix;  // of the file name; empty: by content
};
constexpr FormatName formats[] = {
    {"arc", TraceFormat::arc, ".lis"},
    {"number", TraceFormat::number, ".txt"},
    {"be32", TraceFormat::be32, ".be32"},
    {"le32", TraceFormat::le32, ".le32"},
    {"be64", TraceFormat::be64, ".be64"},
    {"le64", TraceFormat::le64, ".le64"},
    {"tr", TraceFormat::tr, ".tr"},
    {"tsv", TraceFormat::tsv, ".tsv"},
    {"key-size", TraceFormat::key_size, ""},
    {"cloud-physics", TraceFormat::cloud_physics, ""},
    {"s3-access-log", TraceFormat::s3_access_log, ""},
    {"shoal-access-log", TraceFormat::shoal_access_log, ".jsonl"},
};
constexpr std::string_view cloud_physics_header = "version,time,op,size,lbn";

std::string_view name_of(TraceFormat format) { return std::ranges::find(formats, format, &FormatName::format)->name; }

// Splits a line at single separators into the fields that a format has; false when there are fewer.
template <std::size_t count>
bool split(std::string_view line, char separator, std::array<std::string_view, count>& fields) {
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t end = line.find(separator);
    if (end == std::string_view::npos && i + 1 < count) return false;
    fields[i] = line.substr(0, end);
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  }
  return true;
}

bool number(std::string_view text, std::uint64_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool take_sized(std::string_view key, std::string_view size, TraceBuilder& trace) {
  std::uint64_t key_value, size_value;
  if (!number(key, key_value) || !number(size, size_value)) return false;
  trace.request(key_value, size_value);
  return true;
}

bool take_arc(std::string_view line, TraceBuilder& trace) {
  std::array<std::string_view, 4> fields;
  std::uint64_t start, count;
  if (!split(line, ' ', fields) || !number(fields[0], start) || !number(fields[1], count)) return false;
  for (std::uint64_t i = 0; i < count; ++i) trace.request(start + i);
  return true;
}

// Fields of an Amazon S3 server access log line are separated by blanks, and those with blanks inside are quoted or,
// for the time, in brackets: owner bucket [time] ip requester request-id operation key "request" status error
// bytes-sent size …
bool take_access_log(std::string_view line, TraceBuilder& trace) {
  std::array<std::string_view, 13> fields;
  for (std::string_view& field : fields) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) return false;
    char end = line[0] == '"' ? '"' : line[0] == '[' ? ']' : ' ';
    std::size_t begin = end == ' ' ? 0 : 1;
    std::size_t length = line.substr(begin).find(end);
    field = line.substr(begin, length);
    line.remove_prefix(std::min(line.size(), begin + field.size() + begin));
  }
  if (fields[6] != "REST.GET.OBJECT") return true;
  std::uint64_t status, size;
  if (!number(fields[9], status)) return false;
  if ((status != 200 && status != 206) || !number(fields[12], size)) return true;  // nothing was read
  trace.request(hash64(as_bytes(fields[7]), hash64(as_bytes(fields[1]))), size);
  return true;
}

bool is_object_of_json(std::string_view text) { return text.starts_with('{'); }

bool take_own_access_log(std::string_view line, TraceBuilder& trace) {
  const auto request = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object()) return false;
  auto text_of = [&](const char* name) {
    auto found = request.find(name);
    bool is_text = found != request.end() && found->is_string();
    return is_text ? std::string_view(found->get_ref<const std::string&>()) : std::string_view();
  };
  auto number_of = [&](const char* name) -> std::optional<std::uint64_t> {
    auto found = request.find(name);
    if (found == request.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
  };
  if (text_of("operation") != "GetObject") return true;
  std::optional<std::uint64_t> status = number_of("status");
  if (!status) return false;
  if (*status != 200 && *status != 206 && *status != 304) return true;  // no object was read
  std::optional<std::uint64_t> size = number_of("size");
  if (!size) return false;
  trace.request(hash64(as_bytes(text_of("key")), hash64(as_bytes(text_of("bucket")))), *size);
  return true;
}

bool take_line(std::string_view line, TraceFormat format, TraceBuilder& trace) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return true;
  std::array<std::string_view, 2> two;
  std::array<std::string_view, 3> three;
  std::array<std::string_view, 5> five;
  std::uint64_t key;
  switch (format) {
    case TraceFormat::arc:
      return take_arc(line, trace);
    case TraceFormat::number:
      if (line == "*") return true;
      if (!number(trim_blanks(line), key)) return false;
      trace.request(key);
      return true;
    case TraceFormat::tr:
      return split(line, ' ', three) && take_sized(three[1], three[2], trace);
    case TraceFormat::tsv:
      return split(line, '\t', three) && take_sized(three[1], three[2], trace);
    case TraceFormat::key_size:
      return split(line, ',', two) && take_sized(two[0], two[1], trace);
    case TraceFormat::cloud_physics:
      return line == cloud_physics_header || (split(line, ',', five) && take_sized(five[4], five[3], trace));
    case TraceFormat::s3_access_log:
      return take_access_log(line, trace);
    case TraceFormat::shoal_access_log:
      return take_own_access_log(line, trace);
    case TraceFormat::be32:
    case TraceFormat::le32:
    case TraceFormat::be64:
    case TraceFormat::le64:
      break;
  }
  return false;
}

// Width of one packed key in bytes; 0 for text.
std::size_t key_bytes_of(TraceFormat format) {
  if (format == TraceFormat::be32 || format == TraceFormat::le32) return 4;
  if (format == TraceFormat::be64 || format == TraceFormat::le64) return 8;
  return 0;
}

std::uint64_t packed_key(const char* at, TraceFormat format) {
  const auto* bytes = reinterpret_cast<const std::byte*>(at);
  switch (format) {
    case TraceFormat::be32:
      return __builtin_bswap32(load_le<std::uint32_t>(bytes));
    case TraceFormat::le32:
      return load_le<std::uint32_t>(bytes);
    case TraceFormat::be64:
      return __builtin_bswap64(load_le<std::uint64_t>(bytes));
    default:
      return load_le<std::uint64_t>(bytes);
  }
}

// Takes the whole lines or keys at the front of `text`; returns how many bytes they were.
Result<std::size_t> take_whole(std::string_view text, TraceFormat format, std::uint64_t& line_number,
                               TraceBuilder& trace) {
  std::size_t at = 0;
  if (std::size_t width = key_bytes_of(format); width != 0) {
    for (; at + width <= text.size(); at += width) trace.request(packed_key(text.data() + at, format));
    return at;
  }
  for (std::size_t end; (end = text.find('\n', at)) != std::string_view::npos; at = end + 1) {
    ++line_number;
    if (!take_line(text.substr(at, end - at), format, trace))
      return failure(ErrorCode::corrupt, "line " + std::to_string(line_number) + " is not of the format " +
                                             std::string(name_of(format)) +
                                             "; --format names another one: " + trace_format_names());
  }
  return at;
}

}  // namespace

std::optional<TraceFormat> trace_format_named(std::string_view name) {
  for (const FormatName& known : formats)
    if (known.name == name) return known.format;
  return std::nullopt;
}

std::string trace_format_names() {
  std::string names;
  for (const FormatName& known : formats) names.append(names.empty() ? "" : ", ").append(known.name);
  return names;
}

std::string trace_name_of(const std::filesystem::path& file) {
  std::string name = file.filename().string();
  return name.substr(0, name.find('.', 1));
}

Result<TraceFormat> access_log_format_of(const std::filesystem::path& file) {
  TRY_ASSIGN(ByteSource source, ByteSource::open(file));
  TRY_ASSIGN(ByteSpan head, source.next());
  return is_object_of_json(as_text(head)) ? TraceFormat::shoal_access_log : TraceFormat::s3_access_log;
}

Result<TraceFormat> trace_format_of(const std::filesystem::path& file) {
  std::filesystem::path name = file.filename();
  if (name.extension() == ".zst") name = name.stem();
  for (const FormatName& known : formats)
    if (!known.suffix.empty() && name.extension() == known.suffix) return known.format;
  if (name.extension() == ".log") return access_log_format_of(file);
  if (name.extension() == ".csv") {
    TRY_ASSIGN(ByteSource source, ByteSource::open(file));
    TRY_ASSIGN(ByteSpan head, source.next());
    return as_text(head).starts_with(cloud_physics_header) ? TraceFormat::cloud_physics : TraceFormat::key_size;
  }
  return failure(ErrorCode::invalid_argument,
                 "the name of " + file.string() + " tells no format; --format is one of " + trace_format_names());
}

Result<Trace> read_trace(const std::filesystem::path& file, TraceFormat format, ReadProgress progress) {
  TRY_ASSIGN(ByteSource source, ByteSource::open(file));
  TraceBuilder trace(trace_name_of(file));
  std::string carried;  // the front of a line or key whose rest is in the next piece
  std::uint64_t line_number = 0;
  auto in_file = [&](Error error) { return failure(error.code, file.string() + ": " + error.message); };
  while (true) {
    TRY_ASSIGN(ByteSpan piece, source.next());
    if (piece.empty()) break;
    std::string_view text = as_text(piece);
    if (!carried.empty()) text = carried.append(text);
    auto taken = take_whole(text, format, line_number, trace);
    if (!taken) return in_file(std::move(taken).error());
    carried = std::string(text.substr(*taken));
    progress(source.bytes_read(), source.bytes_total());
  }
  if (!carried.empty()) {
    if (key_bytes_of(format) != 0) return in_file(Error(ErrorCode::corrupt, "ends within a key"));
    auto taken = take_whole(carried + '\n', format, line_number, trace);
    if (!taken) return in_file(std::move(taken).error());
  }
  return std::move(trace).finish();
}

Result<Trace> read_trace(const std::filesystem::path& file) {
  TRY_ASSIGN(TraceFormat format, trace_format_of(file));
  return read_trace(file, format, [](std::uint64_t, std::uint64_t) {});
}

}  // namespace shoal::replay

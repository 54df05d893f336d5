#include "shoal/server/access_record.h"

#include <array>
#include <charconv>

#include "shoal/base/json.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::server {
namespace {

/// Writes the members of one object. Names are literals.
class JsonLine {
 public:
  explicit JsonLine(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    std::array<char, 20> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), end);
  }
  void micros(std::string_view name, std::chrono::nanoseconds value) {
    number(name, static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(value).count()));
  }
  void finish() { out_ += "}\n"; }

 private:
  void begin(std::string_view name) {
    out_ += separator_;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    separator_ = ',';
  }

  std::string& out_;
  char separator_ = '{';
};

}  // namespace

std::string_view to_string(CacheResult result) {
  switch (result) {
    case CacheResult::none:
      return "";
    case CacheResult::hit:
      return "hit";
    case CacheResult::miss:
      return "miss";
    case CacheResult::pieces:
      return "pieces";
    case CacheResult::revalidated:
      return "revalidated";
    case CacheResult::stale:
      return "stale";
    case CacheResult::flash:
      return "flash";
    case CacheResult::bypass:
      return "bypass";
  }
  return "";
}

void append_access_line(std::string& out, const AccessRecord& record) {
  JsonLine line(out);
  line.text("time", s3::format_iso_time(record.time));
  line.text("request", record.request_id);
  line.text("client", record.client);
  line.text("access_key", record.access_key);
  line.text("operation", record.operation);
  line.text("bucket", record.bucket);
  line.text("key", record.key);
  line.number("status", static_cast<std::uint64_t>(record.status));
  line.text("error", record.error);
  line.number("bytes", record.bytes);
  if (record.object.size) line.number("size", *record.object.size);
  line.text("cache", to_string(record.object.cache));
  line.micros("verify_us", record.stages.verify);
  line.micros("work_us", record.stages.work);
  line.micros("send_us", record.stages.send);
  line.finish();
}

}  // namespace shoal::server

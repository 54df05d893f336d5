#include "shoal/http/response_writer.h"

#include <array>
#include <charconv>

#include "shoal/base/check.h"
#include "shoal/http/status.h"

namespace shoal::http {
namespace {

void append_number(std::string& out, std::uint64_t value, int base) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(digits.data(), end);
}

char* put(char* out, std::string_view piece) { return out + piece.copy(out, piece.size()); }

constexpr std::string_view version = "HTTP/1.1 ";
constexpr std::string_view date_name = "Date: ";
constexpr std::string_view length_name = "Content-Length: ";
constexpr std::string_view chunked_line = "Transfer-Encoding: chunked\r\n";
constexpr std::string_view close_line = "Connection: close\r\n";
constexpr std::string_view keep_alive_line = "Connection: keep-alive\r\n";
constexpr std::string_view line_end = "\r\n";
constexpr std::size_t status_bytes = 3;
constexpr std::size_t number_bytes_max = 20;

/// At least what all but the lines of the handler, the reason and the date take.
constexpr std::size_t fixed_bytes_max = version.size() + status_bytes + 1 + line_end.size() + date_name.size() +
                                        line_end.size() + length_name.size() + number_bytes_max + line_end.size() +
                                        chunked_line.size() + keep_alive_line.size() + line_end.size();

char* put_head(char* out, const ResponseHead& head, std::string_view reason, const ConnectionLines& connection) {
  out = put(out, version);
  for (int place = 100; place > 0; place /= 10) *out++ = static_cast<char>('0' + head.status / place % 10);
  *out++ = ' ';
  out = put(put(out, reason), line_end);
  if (!connection.date.empty()) out = put(put(put(out, date_name), connection.date), line_end);
  out = put(out, head.headers.text());
  if (connection.content_length) {
    out = put(out, length_name);
    out = put(std::to_chars(out, out + number_bytes_max, *connection.content_length).ptr, line_end);
  }
  if (connection.chunked) out = put(out, chunked_line);
  if (connection.close) {
    out = put(out, close_line);
  } else if (connection.keep_alive) {
    out = put(out, keep_alive_line);
  }
  return put(out, line_end);
}

}  // namespace

Result<void> append_response_head(std::string& out, const ResponseHead& head, const ConnectionLines& connection) {
  CHECK(!(connection.chunked && connection.content_length));
  if (head.status < 100 || head.status > 599) {
    return failure(ErrorCode::invalid_argument, "write a response with status " + std::to_string(head.status));
  }
  if (!head.headers.valid()) {
    return failure(ErrorCode::invalid_argument, "write a response with a header that HTTP cannot carry");
  }
  std::string_view reason = reason_phrase(head.status);
  std::size_t size_before = out.size();
  std::size_t bytes_max = fixed_bytes_max + reason.size() + connection.date.size() + head.headers.text().size();
  out.resize_and_overwrite(size_before + bytes_max, [&](char* text, std::size_t) {
    return static_cast<std::size_t>(put_head(text + size_before, head, reason, connection) - text);
  });
  return {};
}

void append_chunk_start(std::string& out, std::uint64_t bytes) {
  CHECK_MSG(bytes > 0, "an empty chunk would end the body");
  append_number(out, bytes, 16);
  out.append("\r\n");
}

}  // namespace shoal::http

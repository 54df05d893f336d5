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

}  // namespace

Result<void> append_response_head(std::string& out, const ResponseHead& head, const ConnectionLines& connection) {
  CHECK(!(connection.chunked && connection.content_length));
  if (head.status < 100 || head.status > 599) {
    return failure(ErrorCode::invalid_argument, "write a response with status " + std::to_string(head.status));
  }
  if (!head.headers.valid()) {
    return failure(ErrorCode::invalid_argument, "write a response with a header that HTTP cannot carry");
  }
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(head.status), 10);
  out.append(" ").append(reason_phrase(head.status)).append("\r\n");
  if (!connection.date.empty()) out.append("Date: ").append(connection.date).append("\r\n");
  out.append(head.headers.text());
  if (connection.content_length) {
    out.append("Content-Length: ");
    append_number(out, *connection.content_length, 10);
    out.append("\r\n");
  }
  if (connection.chunked) out.append("Transfer-Encoding: chunked\r\n");
  if (connection.close) {
    out.append("Connection: close\r\n");
  } else if (connection.keep_alive) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  return {};
}

void append_chunk_start(std::string& out, std::uint64_t bytes) {
  CHECK_MSG(bytes > 0, "an empty chunk would end the body");
  append_number(out, bytes, 16);
  out.append("\r\n");
}

}  // namespace shoal::http

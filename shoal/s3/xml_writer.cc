#include "shoal/s3/xml_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <span>

#include <emmintrin.h>
#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/put_digits.h"

namespace shoal::s3 {
namespace {

constexpr std::string_view s3_namespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// Which bytes do not stand for themselves.
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> special{};
  for (unsigned byte = 0; byte < 0x20; ++byte) special[byte] = byte != '\t' && byte != '\n';
  for (unsigned char c : {'&', '<', '>', '"', '\x7f'}) special[c] = true;
  return special;
}
constexpr std::array<bool, 256> special_bytes = make_special();

bool is_special(char c) { return special_bytes[static_cast<unsigned char>(c)]; }

/// How many characters from the first on stand for themselves.
std::size_t plain_length(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  for (; end - at >= 16; at += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto equal = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    __m128i found = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    found = _mm_or_si128(found, _mm_or_si128(equal('&'), _mm_or_si128(equal('<'), equal('>'))));
    found = _mm_or_si128(found, _mm_or_si128(equal('"'), equal('\x7f')));
    if (_mm_movemask_epi8(found) != 0) break;  // or a tab, or the end of a line
  }
  return static_cast<std::size_t>(std::find_if(at, end, is_special) - text.data());
}

/// What a character is written as, or nothing if it has no name. A bare CR, which would be read as LF, has none.
std::string_view named_reference(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return {};
  }
}

}  // namespace

void append_xml_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t plain = plain_length(text);
    out += text.substr(0, plain);
    if (plain == text.size()) return;
    char c = text[plain];
    if (std::string_view reference = named_reference(c); !reference.empty()) {
      out += reference;
    } else {
      out += fmt::format("&#x{:X};", static_cast<unsigned char>(c));
    }
    text.remove_prefix(plain + 1);
  }
}

bool is_plain_xml(std::string_view text) { return plain_length(text) == text.size(); }

std::string format_iso_time(WallTime time) {
  std::string text(iso_time_bytes, '\0');
  write_iso_time(std::span<char, iso_time_bytes>(text), time);
  return text;
}

void write_iso_time(std::span<char, iso_time_bytes> to, WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
  static_assert(form.size() == iso_time_bytes);
  std::memcpy(to.data(), form.data(), iso_time_bytes);
  put_digits<4>(to, 0, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits<2>(to, 5, static_cast<unsigned>(date.month()));
  put_digits<2>(to, 8, static_cast<unsigned>(date.day()));
  put_digits<2>(to, 11, static_cast<unsigned>(clock.hours().count()));
  put_digits<2>(to, 14, static_cast<unsigned>(clock.minutes().count()));
  put_digits<2>(to, 17, static_cast<unsigned>(clock.seconds().count()));
  put_digits<3>(to, 20, static_cast<unsigned>(clock.subseconds().count()));
}

XmlWriter::XmlWriter(std::string_view root) { start(root, s3_namespace); }

XmlWriter XmlWriter::without_namespace(std::string_view root) {
  XmlWriter writer;
  writer.start(root, {});
  return writer;
}

void XmlWriter::start(std::string_view root, std::string_view attributes) {
  text_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  open_with_attributes(root, attributes);
}

void XmlWriter::open(std::string_view tag) { open_with_attributes(tag, {}); }

void XmlWriter::open_with_attributes(std::string_view tag, std::string_view attributes) {
  text_ += '<';
  text_ += tag;
  if (!attributes.empty()) {
    text_ += ' ';
    text_ += attributes;
  }
  text_ += '>';
  open_tags_.push_back(tag);
}

void XmlWriter::close() {
  CHECK(!open_tags_.empty());
  text_ += "</";
  text_ += open_tags_.back();
  text_ += '>';
  open_tags_.pop_back();
}

void XmlWriter::element(std::string_view tag, std::string_view text) {
  text_.append("<").append(tag).append(">");
  append_xml_escaped(text_, text);
  text_.append("</").append(tag).append(">");
}

void XmlWriter::element(std::string_view tag, std::uint64_t number) {
  text_.append("<").append(tag).append(">");
  text(number);
  text_.append("</").append(tag).append(">");
}

void XmlWriter::text(std::uint64_t number) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text_.append(digits.data(), end);
}

void XmlWriter::etag(std::string_view unquoted) {
  text_.append("<ETag>&quot;");
  append_xml_escaped(text_, unquoted);
  text_.append("&quot;</ETag>");
}

void XmlWriter::person(std::string_view tag, std::string_view id) {
  open(tag);
  element("ID", id);
  element("DisplayName", id);
  close();
}

std::string XmlWriter::finish() {
  while (!open_tags_.empty()) close();
  return std::move(text_);
}

}  // namespace shoal::s3

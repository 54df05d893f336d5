#include "shoal/s3/xml_writer.h"

#include <chrono>

#include <fmt/format.h>

#include "shoal/base/check.h"

namespace shoal::s3 {
namespace {

constexpr std::string_view s3_namespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// What a character is written as, or nothing if it stands for itself.
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

bool is_unwritable(char c) {
  auto byte = static_cast<unsigned char>(c);
  // A bare CR would be read as LF.
  return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f;
}

}  // namespace

void append_xml_escaped(std::string& out, std::string_view text) {
  for (char c : text) {
    if (std::string_view reference = named_reference(c); !reference.empty()) {
      out += reference;
    } else if (is_unwritable(c)) {
      out += fmt::format("&#x{:X};", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

std::string format_iso_time(WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
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
  open(tag);
  append_xml_escaped(text_, text);
  close();
}

void XmlWriter::element(std::string_view tag, std::uint64_t number) {
  open(tag);
  fmt::format_to(std::back_inserter(text_), "{}", number);
  close();
}

void XmlWriter::etag(std::string_view unquoted) {
  open("ETag");
  text_ += "&quot;";
  append_xml_escaped(text_, unquoted);
  text_ += "&quot;";
  close();
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

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/clock.h"

namespace shoal::s3 {

/// Appends `text` so that an XML parser reads the same characters again. Control characters that XML 1.0 has no form
/// for become numeric references, as in S3's own answers; clients that have such keys ask for encoding-type=url.
void append_xml_escaped(std::string& out, std::string_view text);
/// Whether that would be the text as it is.
bool is_plain_xml(std::string_view text);

/// "2023-11-14T22:13:20.500Z", the form of time in S3's documents.
std::string format_iso_time(WallTime time);
constexpr std::size_t iso_time_bytes = 24;
/// The same, written to the place that is given.
void write_iso_time(std::span<char, iso_time_bytes> to, WallTime time);

/// Writes one document from front to back: `open` and `close` elements, or whole ones with their text. Tags are
/// literals, texts are UTF-8 and are escaped here and nowhere else.
class XmlWriter {
 public:
  /// In the namespace of S3 ("http://s3.amazonaws.com/doc/2006-03-01/").
  explicit XmlWriter(std::string_view root);
  /// In no namespace, which is where S3's errors are.
  static XmlWriter without_namespace(std::string_view root);
  /// A piece of a document, for raw().
  static XmlWriter fragment() { return {}; }

  /// For documents of a known size: no copies while it grows.
  void reserve(std::size_t bytes) { text_.reserve(bytes); }

  void open(std::string_view tag);
  void close();
  void element(std::string_view tag, std::string_view text);
  void element(std::string_view tag, const char* text) { element(tag, std::string_view(text)); }
  void element(std::string_view tag, std::uint64_t number);
  void element(std::string_view tag, bool value) { element(tag, std::string_view(value ? "true" : "false")); }
  void element(std::string_view tag, WallTime time) { element(tag, std::string_view(format_iso_time(time))); }
  /// Text inside the element that is open.
  void text(std::string_view text) { append_xml_escaped(text_, text); }
  /// Tags as they are given: for documents with thousands of the same ones, where it pays to write several at once.
  /// What they open they close themselves.
  void markup(std::string_view tags) { text_ += tags; }
  void text(std::uint64_t number);
  /// At most `bytes_max` characters as they are: `write(char*)` puts them there, all of them, and returns their end.
  template <typename Write>
  void raw(std::size_t bytes_max, Write write) {
    std::size_t before = text_.size();
    text_.resize_and_overwrite(before + bytes_max, [&](char* text, std::size_t) {
      return static_cast<std::size_t>(write(text + before) - text);
    });
  }
  /// An ETag, which stands in quotes.
  void etag(std::string_view unquoted);
  /// <Owner> or <Initiator>. We know people by their access key id only, so it is their name too.
  void person(std::string_view tag, std::string_view id);
  /// The start tag as it is given, for the attributes that a few documents need.
  void open_with_attributes(std::string_view tag, std::string_view attributes);

  /// Closes what is open and gives the document. Once.
  std::string finish();

 private:
  XmlWriter() = default;
  void start(std::string_view root, std::string_view attributes);

  std::string text_;
  std::vector<std::string_view> open_tags_;
};

}  // namespace shoal::s3

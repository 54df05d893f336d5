#include "shoal/s3/xml_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include <pugixml.hpp>

#include "shoal/base/text.h"

namespace shoal::s3 {
namespace {

/// Looks at the shape of a document before the parser allocates anything for it: counts elements and depth, and finds
/// what we refuse. Says nothing about well-formedness, which is the parser's part.
class StructureScan {
 public:
  StructureScan(std::string_view text, const XmlLimits& limits) : rest_(text), limits_(limits) {}

  bool acceptable() {
    skip_declaration();
    while (!rest_.empty()) {
      std::size_t at = std::min(rest_.find_first_of("<&"), rest_.size());
      // Outside of the root there is only white space, which the parser does not insist on.
      if (depth_ == 0 && rest_.substr(0, at).find_first_not_of(" \t\r\n") != std::string_view::npos) return false;
      rest_.remove_prefix(at);
      if (rest_.empty()) return true;
      if (!(rest_.front() == '<' ? scan_tag() : scan_reference())) return false;
    }
    return true;
  }

 private:
  /// `<?xml …?>` at the very beginning, perhaps behind a byte order mark.
  void skip_declaration() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    if (!rest_.starts_with("<?xml ")) return;
    std::size_t end = rest_.find("?>");
    if (end != std::string_view::npos) rest_.remove_prefix(end + 2);
  }

  bool scan_tag() {
    rest_.remove_prefix(1);
    if (rest_.starts_with('!') || rest_.starts_with('?')) return false;
    bool closes = rest_.starts_with('/');
    char quote = 0;
    char before = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      char c = rest_[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
        if (c == '<' || c == '&') return false;
      } else if (c == '>') {
        rest_.remove_prefix(i + 1);
        return count_tag(closes, /*empty=*/before == '/');
      } else if (c == '"' || c == '\'') {
        quote = c;
        if (++elements_ > limits_.elements_max) return false;
      } else if (c == '<') {
        return false;
      }
      before = c;
    }
    return false;
  }

  bool count_tag(bool closes, bool empty) {
    if (closes) {
      if (depth_ == 0) return false;
      --depth_;
      return true;
    }
    if (++elements_ > limits_.elements_max || depth_ + 1 > limits_.depth_max) return false;
    if (!empty) ++depth_;
    return true;
  }

  /// One of the five named characters, or a number that is a character: the parser would cut a text at NUL.
  bool scan_reference() {
    constexpr auto names = std::to_array<std::string_view>({"amp", "lt", "gt", "quot", "apos"});
    std::size_t end = rest_.substr(0, 12).find(';');
    if (end == std::string_view::npos) return false;
    std::string_view name = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (!name.starts_with('#')) return std::ranges::find(names, name) != names.end();
    name.remove_prefix(1);
    int base = name.starts_with('x') ? 16 : 10;
    if (base == 16) name.remove_prefix(1);
    unsigned code = 0;
    auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), code, base);
    if (error != std::errc{} || last != name.data() + name.size()) return false;
    return code != 0 && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
  }

  std::string_view rest_;
  const XmlLimits& limits_;
  std::size_t elements_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

std::string_view XmlElement::name() const { return pugi::xml_node(node_).name(); }

std::string_view XmlElement::text() const { return pugi::xml_node(node_).child_value(); }

std::vector<XmlElement> XmlElement::children() const {
  std::vector<XmlElement> elements;
  for (pugi::xml_node child : pugi::xml_node(node_)) {
    if (child.type() == pugi::node_element) elements.push_back(XmlElement(child.internal_object()));
  }
  return elements;
}

XmlDocument::XmlDocument(std::unique_ptr<pugi::xml_document> document) : document_(std::move(document)) {}
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;
XmlDocument::~XmlDocument() = default;

XmlElement XmlDocument::root() const { return XmlElement(document_->document_element().internal_object()); }

S3Result<XmlDocument> XmlDocument::parse(std::string_view text, std::string_view root, const XmlLimits& limits) {
  if (text.size() > limits.bytes_max) return failure(S3ErrorCode::malformed_xml, "The XML document is too large.");
  if (text.contains('\0') || !is_utf8(text) || !StructureScan(text, limits).acceptable()) {
    return failure(S3ErrorCode::malformed_xml);
  }
  auto document = std::make_unique<pugi::xml_document>();
  // A key may be nothing but spaces: white space counts where it is all that an element holds.
  constexpr unsigned flags = pugi::parse_escapes | pugi::parse_eol | pugi::parse_ws_pcdata_single;
  pugi::xml_parse_result result = document->load_buffer(text.data(), text.size(), flags, pugi::encoding_utf8);
  if (!result || document->document_element().name() != root || document->document_element().next_sibling()) {
    return failure(S3ErrorCode::malformed_xml);
  }
  return XmlDocument(std::move(document));
}

}  // namespace shoal::s3

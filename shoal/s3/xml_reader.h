#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/s3/error.h"

namespace pugi {
class xml_document;
struct xml_node_struct;
}  // namespace pugi

namespace shoal::s3 {

/// What the body of a request may need at most. More is MalformedXML.
struct XmlLimits {
  std::size_t bytes_max = 256 * 1024;
  std::size_t elements_max = 256;  ///< attributes count as elements
  std::size_t depth_max = 8;
};

class XmlDocument;

/// An element of a document, which it borrows.
class XmlElement {
 public:
  std::string_view name() const;
  /// Its characters; an element that has elements inside has none.
  std::string_view text() const;
  /// The elements inside, in order.
  std::vector<XmlElement> children() const;

 private:
  friend class XmlDocument;
  explicit XmlElement(pugi::xml_node_struct* node) : node_(node) {}
  pugi::xml_node_struct* node_;
};

/// The XML body of a request, read strictly: UTF-8; elements, text and references to single characters only. What could
/// make a small document large or let two readers differ is refused: document types, entities, comments, CDATA
/// sections, processing instructions.
class XmlDocument {
 public:
  /// MalformedXML if it is not well-formed, breaks a limit, or its root is not `root`. Memory is at most a fixed
  /// multiple of the limits.
  static S3Result<XmlDocument> parse(std::string_view text, std::string_view root, const XmlLimits& limits);

  XmlDocument(XmlDocument&&) noexcept;
  XmlDocument& operator=(XmlDocument&&) noexcept;
  ~XmlDocument();

  XmlElement root() const;

 private:
  explicit XmlDocument(std::unique_ptr<pugi::xml_document> document);
  std::unique_ptr<pugi::xml_document> document_;
};

}  // namespace shoal::s3

#include <string>

#include <gtest/gtest.h>

#include "shoal/s3/test_request.h"
#include "shoal/s3/xml_reader.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::s3 {
namespace {

using namespace std::chrono_literals;

std::string escaped(std::string_view text) {
  std::string out;
  append_xml_escaped(out, text);
  return out;
}

TEST(XmlWriterTest, TextsAreEscaped) {
  EXPECT_EQ(escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c'");
  EXPECT_EQ(escaped("tab\tline\n"), "tab\tline\n");
  EXPECT_EQ(escaped(std::string_view("\r\x01\0", 3)), "&#xD;&#x1;&#x0;");
  EXPECT_EQ(escaped("\xE2\x82\xAC"), "\xE2\x82\xAC");
}

TEST(XmlWriterTest, EveryByteIsEscapedWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string special(1, static_cast<char>(byte));
    for (std::size_t before : {0, 1, 15, 16, 17, 40}) {
      std::string text = std::string(before, 'a') + special + std::string(40 - before, 'b');
      EXPECT_EQ(escaped(text), std::string(before, 'a') + escaped(special) + std::string(40 - before, 'b')) << byte;
    }
  }
}

TEST(XmlWriterTest, WritesADocument) {
  XmlWriter xml("Result");
  xml.element("Count", std::uint64_t{2});
  xml.open("Item");
  xml.etag("abc");
  xml.element("Latest", true);
  xml.element("When", WallTime{1'700'000'000'050ms});
  EXPECT_EQ(xml.finish(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<Result xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Count>2</Count><Item>"
            "<ETag>&quot;abc&quot;</ETag><Latest>true</Latest><When>2023-11-14T22:13:20.050Z</When></Item></Result>");
}

/// The text of the element inside <R>, or the name of the error.
std::string read(std::string_view text, const XmlLimits& limits = {}) {
  S3Result<XmlDocument> document = XmlDocument::parse(text, "R", limits);
  if (!document) return error_name(document);
  std::string seen;
  for (XmlElement element : document->root().children()) {
    seen += std::string(element.name()) + "=" + std::string(element.text()) + ";";
  }
  return seen;
}

TEST(XmlReaderTest, ReadsElementsAndTheirText) {
  EXPECT_EQ(read("<R><a>1</a><b>2</b></R>"), "a=1;b=2;");
  EXPECT_EQ(read("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R xmlns=\"urn:x\">\n <a>1</a>\n</R>\n"), "a=1;");
  EXPECT_EQ(read("\xEF\xBB\xBF<R><a>1</a></R>"), "a=1;");
  EXPECT_EQ(read("<R><a> </a><b/><c></c></R>"), "a= ;b=;c=;");
  EXPECT_EQ(read("<R><a>&lt;&amp;&#x41;&#66;&quot;</a></R>"), "a=<&AB\";");
  EXPECT_EQ(read("<R><a>&#xD;</a></R>"), "a=\r;");
}

TEST(XmlReaderTest, RefusesWhatIsNotADocument) {
  for (std::string_view text : {"",
                                " ",
                                "R",
                                "<R>",
                                "<R></S>",
                                "<S></S>",
                                "<R/><R/>",
                                "<R/>x",
                                "x<R/>",
                                "<R><a></R></a>",
                                "</R>",
                                "<R",
                                "<R a>",
                                "<R a=1/>",
                                "<R>&nbsp;</R>",
                                "<R>&amp</R>",
                                "<R>&#0;</R>",
                                "<R>&#x0;</R>",
                                "<R>&#xD800;</R>",
                                "<R>&#x110000;</R>",
                                "<R>&#-1;</R>",
                                "<R>\xC0\xAF</R>",
                                "<R a=\"&#0;\"/>"}) {
    EXPECT_EQ(read(text), "MalformedXML") << text;
  }
  EXPECT_EQ(read(std::string_view("<R>\0</R>", 8)), "MalformedXML");
  EXPECT_EQ(read("\xFF\xFE<\0R\0/\0>\0"), "MalformedXML");
}

TEST(XmlReaderTest, RefusesEntitiesAndDocumentTypes) {
  EXPECT_EQ(read("<!DOCTYPE R [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><R>&b;</R>"), "MalformedXML");
  EXPECT_EQ(read("<!DOCTYPE R SYSTEM \"file:///etc/passwd\"><R/>"), "MalformedXML");
  EXPECT_EQ(read("<R><![CDATA[x]]></R>"), "MalformedXML");
  EXPECT_EQ(read("<R><!-- x --></R>"), "MalformedXML");
  EXPECT_EQ(read("<R><?php x ?></R>"), "MalformedXML");
}

TEST(XmlReaderTest, KeepsItsLimits) {
  XmlLimits limits{.bytes_max = 200, .elements_max = 4, .depth_max = 3};
  EXPECT_EQ(read("<R><a><b/></a><c>1</c></R>", limits), "a=;c=1;");
  EXPECT_EQ(read("<R><a><b><c/></b></a></R>", limits), "MalformedXML");
  EXPECT_EQ(read("<R><a/><a/><a/><a/></R>", limits), "MalformedXML");
  EXPECT_EQ(read("<R a='1' b='2' c='3' d='>'/>", limits), "MalformedXML");
  EXPECT_EQ(read("<R>" + std::string(200, ' ') + "</R>", limits), "MalformedXML");
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<R>";
  EXPECT_EQ(read(deep), "MalformedXML");
}

}  // namespace
}  // namespace shoal::s3

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/base/text.h"
#include "shoal/net/tcp_connector.h"
#include "shoal/origin/s3_origin.h"
#include "shoal/s3/digest.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/run_task.h"
#include "shoal/testing/scripted_http_server.h"

namespace shoal::origin {

inline constexpr const char* secret = "the-secret-of-the-origin";

inline std::string etag_of(std::string_view body) {
  s3::Md5 md5;
  md5.update(as_bytes(body));
  return to_hex(md5.finish());
}

inline std::string object_lines(const std::string& etag) {
  return "ETag: \"" + etag + "\"\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
}

/// As S3 answers a GET with a range that holds the whole object.
inline std::string object_answer(std::string_view body) {
  std::string range = "Content-Range: bytes 0-" + std::to_string(body.size() - 1) + "/" + std::to_string(body.size());
  return testing::ScriptedHttpServer::response("206 Partial Content", object_lines(etag_of(body)) + range + "\r\n",
                                               body);
}

inline std::string error_answer(std::string_view status, std::string_view code) {
  return testing::ScriptedHttpServer::response(
      status, "Content-Type: application/xml\r\n",
      "<?xml version=\"1.0\"?>\n<Error><Code>" + std::string(code) + "</Code><Message>m</Message></Error>");
}

/// An origin over a server that answers byte by byte what a test says.
class S3OriginTest : public ::testing::Test {
 protected:
  S3OriginTest() {
    options_.url = {.tls = false, .host = "127.0.0.1", .port = server_.port()};
    options_.credentials.access_key = "ORIGINKEY";
    options_.credentials.secret = s3::SecretKey(secret);
    options_.retry.backoff_first = std::chrono::milliseconds(1);
    options_.connections.connection.first_byte_timeout = std::chrono::milliseconds(200);
    options_.connections.connection.idle_timeout = std::chrono::milliseconds(200);
  }

  S3Origin& origin() {
    if (origin_ == nullptr) {
      connector_ = std::make_unique<net::TcpConnector>(loop_, timers_, threads_, options_.url.host, options_.url.port,
                                                       net::TcpConnector::Options{});
      origin_ = std::make_unique<S3Origin>(loop_, timers_, system_clock(), *connector_, digests_, options_);
    }
    return *origin_;
  }

  template <typename T>
  T run(Task<T> task) {
    return testing::run_task(loop_.context(), std::move(task));
  }
  Result<std::optional<Object>> get() { return run(origin().get({"bucket", "key"})); }
  std::string get_text() {
    auto object = get();
    EXPECT_THAT(object, testing::IsOk());
    if (!object || !*object) return "(nothing)";
    return (*object)->body.to_string();
  }
  Result<ObjectInfoPtr> put(std::string_view text, WriteCondition condition = {}) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = etag_of(text);
    return run(origin().put({"bucket", "key"}, std::move(info), Body::copy_of(text), std::move(condition)));
  }

  testing::ScriptedHttpServer server_;
  io::EventLoop loop_;
  io::LoopTimers timers_{loop_};
  io::WorkerThreads threads_{1, "names"};
  s3::Md5Queue digests_;
  OriginOptions options_;
  std::unique_ptr<net::TcpConnector> connector_;
  std::unique_ptr<S3Origin> origin_;
};

}  // namespace shoal::origin

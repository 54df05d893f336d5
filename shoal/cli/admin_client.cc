#include "shoal/cli/admin_client.h"

#include <cstring>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "shoal/base/clock.h"
#include "shoal/http/response_parser.h"
#include "shoal/s3/canonical_request.h"
#include "shoal/s3/request_signer.h"

namespace shoal::cli {
namespace {

Result<std::string> signed_request(const std::string& host, std::string_view method, std::string_view path,
                                   std::string_view query, const server::RootCredentials& keys) {
  s3::RequestSigner signer({keys.access_key, s3::SecretKey(keys.secret_key)});
  const http::HeaderField headers[] = {{"Host", host}};
  auto signature = signer.sign({method, path, query, headers}, s3::payload_empty, system_clock().wall());
  if (!signature) return failure(ErrorCode::invalid_argument, "the question cannot be signed");
  return fmt::format(
      "{} {}?{} HTTP/1.1\r\nHost: {}\r\nX-Amz-Date: {}\r\nX-Amz-Content-SHA256: {}\r\nAuthorization: {}\r\n"
      "Content-Length: 0\r\nConnection: close\r\n\r\n",
      method, path, query, host, signature->amz_date, signature->content_sha256, signature->authorization);
}

using Tcp = boost::asio::ip::tcp;

std::vector<Tcp::endpoint> endpoints_of(const loadgen::ServerAddress& address) {
  std::vector<Tcp::endpoint> endpoints;
  for (const loadgen::ServerAddress::Socket& each : address.sockets) {
    Tcp::endpoint& endpoint = endpoints.emplace_back();
    std::memcpy(endpoint.data(), &each.address, each.bytes);
    endpoint.resize(each.bytes);
  }
  return endpoints;
}

}  // namespace

Result<AdminAnswer> ask_admin(const loadgen::ServerAddress& address, std::string_view method, std::string_view path,
                              std::string_view query, const server::RootCredentials& keys) {
  TRY_ASSIGN(std::string request, signed_request(address.host, method, path, query, keys));
  auto failed = [&](const boost::system::error_code& error) {
    return failure(ErrorCode::io_error, fmt::format("no answer from the admin port {}: {}; is the server running?",
                                                    address.host, error.message()));
  };
  boost::asio::io_context loop;
  Tcp::socket socket(loop);
  boost::system::error_code error;
  if (boost::asio::connect(socket, endpoints_of(address), error); error) return failed(error);
  if (boost::asio::write(socket, boost::asio::buffer(request), error); error) return failed(error);
  std::string received;
  boost::asio::read(socket, boost::asio::dynamic_buffer(received), error);
  if (error != boost::asio::error::eof) return failed(error);

  http::ResponseParser parser{http::ResponseLimits{}};
  if (parser.parse(received) != http::ParseOutcome::complete) {
    return failure(ErrorCode::io_error, fmt::format("{} does not answer as a server of ours does", address.host));
  }
  return AdminAnswer{parser.head().status, received.substr(parser.head().head_bytes)};
}

}  // namespace shoal::cli

#include "shoal/net/request_handler.h"

namespace shoal::net {

ProtocolErrorBody RequestHandler::protocol_error(int /*status*/, std::string_view reason) {
  return {.content_type = "text/plain", .text = std::string(reason) + "\n"};
}

}  // namespace shoal::net

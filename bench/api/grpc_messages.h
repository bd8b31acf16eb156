// GrpcMessages: the messages of one direction of an HTTP/2 connection that carries gRPC, as they pass by:
// the payloads of DATA frames, put together by stream. Headers are not looked at.
//
// Laws: RFC 9113 section 4.1 (frames) and 6.1 (DATA); gRPC's length-prefixed messages (PROTOCOL-HTTP2.md).
// Padded frames and compressed messages are an error: gRPC sends none unless it is told to. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::bench::api {

class GrpcMessages {
 public:
  using Take = std::function<void(std::string_view message)>;
  // A client's bytes begin with the connection preface.
  GrpcMessages(bool from_client, Take take) : preface_left_(from_client ? 24 : 0), take_(std::move(take)) {}
  base::Status read(std::string_view bytes);

 private:
  base::Status read_data(uint32_t stream, std::string_view payload);

  size_t preface_left_;
  const Take take_;
  std::string frames_;                       // not whole yet
  std::map<uint32_t, std::string> streams_;  // as much of each stream's next message as came
};

}  // namespace sluice::bench::api

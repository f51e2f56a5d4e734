#include <rill/base/error.hpp>

namespace rill::detail {

std::string errc_category::message(int value) const {
    const auto index = static_cast<std::size_t>(value) - 1; // 0 wraps round and is out of range too
    return index < messages_.size() ? messages_[index] : "unknown error";
}

} // namespace rill::detail

#include <rill/base/detail/block.hpp>
#include <rill/sse/detail/layout.hpp>
#include <rill/sse/frame.hpp>

namespace rill {
namespace {

/// Calls `use` with the block whose memory this is.
template <typename Use>
auto with_block(void* memory, Use use) {
    auto whole = detail::block::owned(memory);
    auto result = use(whole);
    static_cast<void>(whole.release());
    return result;
}

} // namespace

frame::frame(const event& e) {
    const auto l = detail::lay_out(e);
    detail::block whole{l.size};
    detail::write(whole.data(), e, l);
    memory_ = whole.release();
}

frame::frame(const frame& other) noexcept
    : memory_{with_block(other.memory_, [](detail::block whole) { return whole.release(); })} {}

frame::~frame() {
    static_cast<void>(detail::block::owned(memory_));
}

std::string_view frame::bytes() const noexcept {
    return with_block(
        memory_, [](const detail::block& whole) { return std::string_view{whole.data(), whole.capacity()}; });
}

} // namespace rill

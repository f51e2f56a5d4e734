#pragma once

#include <rill/base/export.hpp>
#include <rill/sse/event.hpp>

#include <string_view>
#include <utility>

namespace rill {

/// An encoded event that never changes, for any number of readers on any threads. A copy is one pointer to
/// the same bytes, and the last one to go frees them.
///
/// One frame object belongs to one thread at a time, as with `std::shared_ptr`; its copies are free to go to
/// others.
///
/// **Example**
///
///     const rill::frame frame{{.name = "price", .data = "12.50"}};
///     for (auto& subscriber : subscribers) subscriber.send(frame);
class RILL_EXPORT frame {
public:
    /// Encodes `e` into one block of memory. Throws what `encode` throws.
    explicit frame(const event& e);

    frame(const frame& other) noexcept;
    frame(frame&& other) noexcept : memory_{std::exchange(other.memory_, nullptr)} {}
    frame& operator=(frame other) noexcept {
        std::swap(memory_, other.memory_);
        return *this;
    }
    ~frame();

    /// What `encode` makes of the event. The bytes stay where they are as long as one copy of this frame is
    /// left. Empty if this frame was moved from.
    [[nodiscard]] std::string_view bytes() const noexcept;

private:
    void* memory_; ///< of a `detail::block`, and a share of its ownership
};

} // namespace rill

#include <rill/topic/detail/slabs.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace rill::detail {
namespace {

constexpr std::size_t smallest = 512;

} // namespace

slabs::slabs(std::size_t keep_bytes, std::shared_ptr<block_tally> whole)
    : bound_{std::clamp(keep_bytes / 4, smallest, largest)},
      tally_{std::make_shared<block_tally>(std::move(whole))} {}

char* slabs::make_room(std::size_t size, std::size_t held) {
    if (all_.empty() || all_.back().memory.capacity() - all_.back().used < size) {
        all_.reserve_one();
        block fresh{std::max(std::clamp(held, smallest, bound_), size), tally_};
        bytes_ += fresh.capacity();
        all_.push_back({std::move(fresh), 0});
    }
    return all_.back().memory.data() + all_.back().used;
}

slabs::place slabs::adopt(block memory, std::size_t size) noexcept {
    const auto capacity = memory.capacity();
    memory.count_in(tally_);
    bytes_ += capacity;
    all_.push_back({std::move(memory), capacity});
    return {next() - 1, static_cast<std::uint32_t>(capacity - size)};
}

void slabs::drop_before(std::uint32_t slab) noexcept {
    for (; given_up_ != slab; ++given_up_) { // the count may have begun anew
        release(std::move(all_.front().memory));
        all_.pop_front();
    }
}

/// A large event has its slab to itself, and keeps it. Any other is copied, so that it does not keep the
/// memory of its neighbours.
shared_bytes slabs::keep(std::uint32_t slab, std::string_view bytes) const {
    return bytes.size() > largest ? shared_bytes{(*this)[slab], bytes} : shared_bytes{block{bytes, tally_}};
}

void slabs::drop(shared_bytes kept) noexcept {
    release(std::move(kept.owner));
}

/// A block that only this log held is no longer counted, as if it had been freed.
void slabs::release(block memory) noexcept {
    bytes_ -= memory.capacity();
    if (memory.is_sole()) memory.count_in(nullptr);
    try {
        released_.push_back(std::move(memory));
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): then it is freed right here
    }
}

} // namespace rill::detail

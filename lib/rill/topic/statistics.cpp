#include <rill/topic/statistics.hpp>

namespace rill {

topic_statistics& topic_statistics::operator+=(const topic_statistics& other) noexcept {
    subscribers += other.subscribers;
    events += other.events;
    bytes += other.bytes;
    pinned += other.pinned;
    published += other.published;
    delivered += other.delivered;
    dropped += other.dropped;
    gaps += other.gaps;
    disconnected += other.disconnected;
    return *this;
}

} // namespace rill

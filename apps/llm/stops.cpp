#include "stops.hpp"

#include <algorithm>

namespace llm {

std::string stops::add(std::string_view piece) {
    if (stopped_) return {};
    held_ += piece;
    auto free = held_.size();
    for (const auto& sequence : sequences_) {
        const auto at = held_.find(sequence);
        stopped_ = stopped_ || at != held_.npos;
        free = std::min(free, at);
    }
    for (const auto& sequence : sequences_)
        for (auto size = std::min(sequence.size() - 1, held_.size()); size > 0 && !stopped_; --size)
            if (held_.ends_with(std::string_view{sequence}.substr(0, size))) {
                free = std::min(free, held_.size() - size);
                break;
            }
    auto out = held_.substr(0, free);
    held_ = stopped_ ? std::string{} : held_.substr(free);
    return out;
}

} // namespace llm

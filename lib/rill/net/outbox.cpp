#include <rill/net/detail/outbox.hpp>

#include <algorithm>
#include <utility>

namespace rill::detail {

void outbox::append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (!rest_) rest_ = std::make_unique<rest>();
    auto& r = *rest_;
    // A peer that is a little behind for ever must not make it grow for ever.
    if (r.consumed > r.own.size() / 2) {
        r.own.erase(0, r.consumed);
        for (auto& shared : r.shared) shared.at -= r.consumed;
        r.consumed = 0;
    }
    r.own.append(bytes);
    r.size += bytes.size();
}

void outbox::append(shared_bytes piece) {
    const auto bytes = piece.bytes.size();
    if (bytes == 0) return;
    if (!rest_) rest_ = std::make_unique<rest>();
    rest_->shared.push_back({rest_->own.size(), std::move(piece)});
    rest_->size += bytes;
}

std::span<const std::string_view> outbox::front(std::span<std::string_view> space) const noexcept {
    if (!rest_) return {};
    std::size_t count = 0;
    const auto add = [&](std::string_view view) {
        if (!view.empty() && count < space.size()) space[count++] = view;
    };
    const std::string_view own{rest_->own};
    auto at = rest_->consumed;
    for (const auto& shared : rest_->shared) {
        add(own.substr(at, shared.at - at));
        add(shared.piece.bytes);
        at = shared.at;
    }
    add(own.substr(at));
    return space.first(count);
}

void outbox::consume(std::size_t count) noexcept {
    if (count == 0) return;
    auto& r = *rest_;
    r.size -= count;
    if (r.size == 0) return rest_.reset();
    auto shared = r.shared.begin();
    for (; shared != r.shared.end(); ++shared) {
        const auto before = std::min(count, shared->at - r.consumed);
        r.consumed += before;
        count -= before;
        auto& bytes = shared->piece.bytes;
        const auto part = std::min(count, bytes.size());
        bytes.remove_prefix(part);
        count -= part;
        if (!bytes.empty()) break;
    }
    r.shared.erase(r.shared.begin(), shared);
    r.consumed += count;
}

} // namespace rill::detail

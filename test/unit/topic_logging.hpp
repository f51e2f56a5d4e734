#pragma once

#include <rill/topic/detail/history.hpp>

#include "topic_reading.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

inline constexpr auto nobody = std::numeric_limits<std::uint64_t>::max(); ///< needs what would be dropped

/// A log whose time is the test's own.
class logging {
public:
    explicit logging(const rill::topic_options& options = {}) : log_{options} {}

    rill::detail::history& operator*() noexcept { return log_; }
    rill::detail::history* operator->() noexcept { return &log_; }

    /// Adds an event, and gives its id.
    std::string append(const rill::event& e, const rill::publish_options& options = {}) {
        rill::detail::record encoded{e, options, log_.destination()};
        log_.accept(encoded, now);
        return encoded.take_id();
    }
    std::string put(std::string_view data, const rill::publish_options& options = {}) {
        return append({.data = data}, options);
    }
    /// With an id of the publisher's own, which is its data, too.
    std::string put_as(std::string_view id, const rill::publish_options& options = {}) {
        return append({.id = id, .data = id}, options);
    }
    /// The numbers from `first` to `last`, one by one.
    void count(int first, int last) {
        for (int n = first; n <= last; ++n) put(std::to_string(n));
    }

    [[nodiscard]] std::string_view bytes(std::uint64_t sequence) const {
        return log_.bytes_of(log_[sequence]);
    }
    /// The one line of data that an event has.
    [[nodiscard]] static std::string_view data_of(std::string_view encoded) {
        const auto at = encoded.find("\ndata: ") + 7;
        return encoded.substr(at, encoded.size() - at - 2);
    }
    /// The data of all events in the log.
    [[nodiscard]] std::string all() const {
        std::string text;
        for (auto n = log_.first(); n <= log_.last(); ++n)
            text.append(text.empty() ? "" : " ").append(data_of(bytes(n)));
        return text;
    }
    /// The same for what is kept beyond it.
    [[nodiscard]] std::string kept() const {
        std::string text;
        for (const auto& [n, value] : log_.kept())
            text.append(text.empty() ? "" : " ").append(data_of(value.event.bytes));
        return text;
    }

    rill::time_point now{std::chrono::hours{1}};

private:
    rill::detail::history log_;
};

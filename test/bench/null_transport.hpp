#pragma once

#include <rill/net/detail/transport.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// Has one request to give, takes all that is written, and never ends.
class null_transport final : public rill::detail::transport {
public:
    /// What is written is counted in `bytes`. `request` must outlive it.
    null_transport(asio::io_context& context, std::string_view request, std::size_t& bytes)
        : context_{context}, request_{request}, bytes_{bytes} {}

    result read_some(std::span<char> space) noexcept override {
        const auto count = std::min(space.size(), request_.size());
        if (count == 0) return {status::blocked};
        std::copy_n(request_.begin(), count, space.begin());
        request_.remove_prefix(count);
        return {status::moved, count};
    }
    result write_some(std::span<const std::string_view> pieces) noexcept override {
        std::size_t count = 0;
        for (const auto piece : pieces) count += piece.size();
        bytes_ += count;
        return {status::moved, count};
    }
    void wait_readable(std::shared_ptr<observer> who) override {
        if (request_.empty())
            waiting_ = std::move(who);
        else
            asio::post(context_, [who = std::move(who)] { who->on_readable(); });
    }
    void wait_writable(std::shared_ptr<observer>) override {}
    void shutdown_write() noexcept override {}
    void close(bool) noexcept override { waiting_ = nullptr; }
    [[nodiscard]] std::string remote_address() const override { return "nobody"; }

private:
    asio::io_context& context_;
    std::string_view request_;
    std::size_t& bytes_;
    std::shared_ptr<observer> waiting_;
};

#pragma once

#include <rill/net/detail/transport.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// Has one request to give, once or several times, takes all that is written, and never ends.
class null_transport : public rill::detail::transport {
public:
    /// What is written is counted in `bytes`. `request` must outlive it.
    null_transport(asio::io_context& context, std::string_view request, std::size_t& bytes,
                   std::size_t times = 1)
        : context_{context}, request_{request}, bytes_{bytes}, times_{times} {}

    result read_some(std::span<char> space) noexcept override {
        if (times_ == 0) return {status::blocked};
        --times_;
        return {status::moved, request_.copy(space.data(), space.size())};
    }
    result write_some(std::span<const std::string_view> pieces) noexcept override {
        std::size_t count = 0;
        for (const auto piece : pieces) count += piece.size();
        bytes_ += count;
        return {status::moved, count};
    }
    void wait_readable(std::shared_ptr<observer> who) override {
        if (times_ == 0)
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
    std::size_t times_;
    std::shared_ptr<observer> waiting_;
};

#include "upstream_address.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace llm {
namespace {

rill::url parse(std::string_view text) {
    auto parsed = rill::url::parse(text);
    if (!parsed) throw std::invalid_argument{"--upstream must be a URL such as https://llm.example/v1"};
    return *std::move(parsed);
}

} // namespace

upstream_address::upstream_address(std::string_view text) : base_{parse(text)} {
    constexpr std::string_view endpoint = "/chat/completions";
    const auto target = base_.target();
    path_ = target.substr(0, target.find('?'));
    query_ = target.substr(path_.size());
    if (query_ == "?") query_.clear();
    const auto trim_slashes = [this] {
        while (path_.ends_with('/')) path_.pop_back();
    };
    trim_slashes();
    if (path_.ends_with(endpoint)) path_.erase(path_.size() - endpoint.size());
    trim_slashes();
}

std::string upstream_address::of(std::string_view path) const {
    const auto userinfo = base_.userinfo();
    return fmt::format("{}://{}{}{}{}{}{}", base_.secure() ? "https" : "http", userinfo,
                       userinfo.empty() ? "" : "@", base_.authority(), path_, path, query_);
}

} // namespace llm

#pragma once

#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asking {

/// These variables of the environment, and no others that name proxies, for as long as it lives. The client
/// reads them when it is made.
class environment {
public:
    environment(std::initializer_list<std::pair<const char*, std::string>> variables) {
        for (const auto* const name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy",
                                       "NO_PROXY", "all_proxy", "ALL_PROXY"}) {
            const char* const old = std::getenv(name);
            old_.emplace_back(name, old != nullptr ? std::optional<std::string>{old} : std::nullopt);
            ::unsetenv(name);
        }
        for (const auto& [name, value] : variables) ::setenv(name, value.c_str(), 1);
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    ~environment() {
        for (const auto& [name, value] : old_) {
            if (value)
                ::setenv(name, value->c_str(), 1);
            else
                ::unsetenv(name);
        }
    }

private:
    std::vector<std::pair<const char*, std::optional<std::string>>> old_;
};

} // namespace asking

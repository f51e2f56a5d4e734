#include <rill/base/log.hpp>

#include <cstdio>

namespace rill {

log_sink& standard_error_log() noexcept {
    struct sink final : log_sink {
        void write(log_level, std::string_view line) noexcept override {
            std::fprintf(stderr, "rill: %.*s\n", static_cast<int>(line.size()), line.data());
        }
    };
    static sink instance;
    return instance;
}

} // namespace rill

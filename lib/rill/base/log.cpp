#include <rill/base/detail/line_writer.hpp>
#include <rill/base/log.hpp>

#include <exception>
#include <unistd.h>

namespace rill {

log_sink& standard_error_log() noexcept {
    struct sink final : log_sink {
        void write(log_level, std::string_view line) noexcept override try {
            static detail::line_writer writer{STDERR_FILENO}; // its thread begins with the first line
            writer.write(line);
        } catch (const std::exception&) {
            return; // no thread is left; the next line tries again
        }
    };
    static sink instance;
    return instance;
}

} // namespace rill

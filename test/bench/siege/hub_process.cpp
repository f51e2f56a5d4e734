#include "hub_process.hpp"

#include "priority.hpp"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace siege {
namespace {

[[noreturn]] void become(std::vector<std::string> command, std::size_t files, int output, int log) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // whatever becomes of us
    go_first();
    if (files > 0) {
        const rlimit few{files, files};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ::dup2(output, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    std::vector<char*> arguments;
    for (auto& each : command) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

} // namespace

hub_process::hub_process(const std::string& program, const std::vector<std::string>& arguments,
                         std::size_t files)
    : log_{::memfd_create("log", MFD_CLOEXEC)} {
    std::vector<std::string> command{program, "--port", "0"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    std::array<int, 2> pipe{};
    if (log_ < 0 || ::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    process_ = ::fork();
    if (process_ == 0) become(std::move(command), files, pipe[1], log_);
    ::close(pipe[1]);
    std::array<char, 256> line{};
    const auto size = ::read(pipe[0], line.data(), line.size() - 1);
    ::close(pipe[0]);
    const std::string_view said{line.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    const auto colon = said.rfind(':');
    if (!said.starts_with("listening on ") || colon == said.npos)
        throw std::runtime_error{fmt::format("hub does not begin: {}", said)};
    port_ = static_cast<std::uint16_t>(std::stoul(std::string{said.substr(colon + 1)}));
}

hub_process::~hub_process() {
    if (process_ > 0) {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    ::close(log_);
}

std::size_t hub_process::resident() const {
    std::size_t all = 0, pages = 0;
    if (!(std::ifstream{fmt::format("/proc/{}/statm", process_)} >> all >> pages))
        throw std::runtime_error{"hub is gone"};
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t hub_process::descriptors() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each :
         std::filesystem::directory_iterator{fmt::format("/proc/{}/fd", process_)})
        ++count;
    return count;
}

int hub_process::end() {
    int status = 0;
    ::kill(process_, SIGTERM);
    ::waitpid(std::exchange(process_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<std::string> hub_process::complaints() const {
    constexpr std::array<std::string_view, 3> expected{
        "rill: cut ", "rill: cannot take a connection: ", " held up its thread, "};
    std::vector<std::string> others;
    std::ifstream log{fmt::format("/proc/self/fd/{}", log_)};
    for (std::string line; std::getline(log, line);) {
        bool known = false;
        for (const auto each : expected) known = known || line.find(each) != line.npos;
        if (!known) others.push_back(line);
    }
    return others;
}

} // namespace siege

#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

/// The one in the middle: a noisy machine spoils the others first.
inline double median(std::vector<double> figures) {
    std::ranges::sort(figures);
    return figures[figures.size() / 2];
}

/// How long `work` takes.
template <typename Work>
double nanoseconds(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

/// Medians of seven runs of each in turn, in nanoseconds.
struct compared {
    double work, baseline;
};
template <typename Work, typename Baseline>
compared compare(Work work, Baseline baseline) {
    std::vector<double> works, baselines;
    for (int run = 0; run < 7; ++run) {
        works.push_back(nanoseconds(work));
        baselines.push_back(nanoseconds(baseline));
    }
    return {median(works), median(baselines)};
}

/// Has the optimiser believe that somebody looks at what `p` points to: else it leaves out the work.
inline void keep(const void* p) {
    asm volatile("" : : "r"(p) : "memory");
}

#pragma once

#include <algorithm>
#include <vector>

/// The one in the middle: a noisy machine spoils the others first.
inline double median(std::vector<double> figures) {
    std::ranges::sort(figures);
    return figures[figures.size() / 2];
}

#include <rill/sse/detail/layout.hpp>
#include <rill/sse/encode.hpp>

namespace rill {

void encode(std::string& out, const event& e) {
    const auto l = detail::lay_out(e);
    const auto before = out.size();
    out.resize(before + l.size);
    detail::write(out.data() + before, e, l);
}

} // namespace rill

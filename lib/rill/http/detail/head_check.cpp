#include <rill/base/text.hpp>
#include <rill/http/detail/head_check.hpp>
#include <rill/http/detail/syntax.hpp>

namespace rill::detail {
namespace {

using verdict = std::optional<refusal>;

constexpr refusal bad(std::string_view reason) {
    return {status::bad_request, reason};
}

/// The fields that decide how a request is read, found in one walk.
struct framing_fields {
    explicit framing_fields(const fields& all) noexcept {
        for (const auto f : all) {
            switch (f.name.size()) { // most names are none of these: their length says so
            case 4: note(f, "host", host, hosts); break;
            case 6: expects = expects || equals_ignoring_case(f.name, "expect"); break;
            case 14: note(f, "content-length", length, lengths); break;
            case 17: note(f, "transfer-encoding", coding, codings); break;
            case 10: connection = connection || equals_ignoring_case(f.name, "connection"); break;
            default: break;
            }
        }
    }

    std::string_view host, length, coding; // the last one of each
    unsigned hosts = 0, lengths = 0, codings = 0;
    bool expects = false, connection = false;

private:
    static void note(const field& f, std::string_view name, std::string_view& value,
                     unsigned& count) noexcept {
        if (!equals_ignoring_case(f.name, name)) return;
        value = f.value;
        ++count;
    }
};

/// RFC 9112 §3.2: one `Host`, which only HTTP/1.0 may leave out.
verdict check_host(const request_head& head, const framing_fields& found, bool may_be_empty) {
    if (found.hosts > 1) return bad("more than one Host");
    if (found.hosts == 1)
        return is_host(found.host) || (may_be_empty && found.host.empty()) ? verdict{}
                                                                           : bad("an invalid Host");
    return head.version == version::http_1_0 ? verdict{} : bad("no Host");
}

/// RFC 9112 §6.1: the only coding that is understood is `chunked`, and where it stands it is the last one.
verdict check_coding(const fields& all, version v, const framing_fields& found) {
    if (found.lengths != 0) return bad("both Transfer-Encoding and Content-Length");
    if (v == version::http_1_0) return bad("Transfer-Encoding in HTTP/1.0");
    bool chunked = false, unknown = false;
    for (const auto f : all) {
        if (!equals_ignoring_case(f.name, "transfer-encoding")) continue;
        for (auto list = f.value;;) {
            const auto comma = list.find(',');
            const auto coding = trim(list.substr(0, comma));
            if (coding.empty()) return bad("an empty transfer coding");
            if (chunked) return bad("chunked is not the last transfer coding");
            const bool this_one = equals_ignoring_case(coding, "chunked");
            (this_one ? chunked : unknown) = true;
            if (comma == list.npos) break;
            list.remove_prefix(comma + 1);
        }
    }
    if (unknown) return refusal{status::not_implemented, "an unknown transfer coding"};
    return {};
}

/// RFC 9112 §6.3: one number of decimal digits.
verdict check_length(const framing_fields& found, message_facts& facts) {
    if (found.lengths > 1) return bad("more than one Content-Length");
    if (found.length.starts_with('-')) return bad("an invalid Content-Length");
    facts.content_length = parse<std::uint64_t>(found.length);
    return facts.content_length ? verdict{} : bad("an invalid Content-Length");
}

/// RFC 9110 §10.1.1: a list, of which empty elements count for nothing (§5.6.1). Nobody waits for the 100
/// where no body follows, nor with HTTP/1.0.
verdict check_expect(const request_head& head, message_facts& facts) {
    bool expects = false;
    for (const auto f : head.fields) {
        if (!equals_ignoring_case(f.name, "expect")) continue;
        for (auto list = f.value;;) {
            const auto comma = list.find(',');
            const auto expectation = trim(list.substr(0, comma));
            if (equals_ignoring_case(expectation, "100-continue"))
                expects = true;
            else if (!expectation.empty())
                return refusal{status::expectation_failed, "an unknown expectation"};
            if (comma == list.npos) break;
            list.remove_prefix(comma + 1);
        }
    }
    facts.expects_continue = expects && head.version == version::http_1_1 &&
                             (facts.chunked || facts.content_length.value_or(0) > 0);
    return {};
}

/// RFC 9112 §6.3: whether a body follows the head of this response to a request with method `m`.
bool has_body(status s, method m) noexcept {
    return may_have_body(s) && m != method::head;
}

/// RFC 9112 §9.3.
bool keeps_alive(const fields& all, version v, const framing_fields& found) noexcept {
    if (!found.connection) return v == version::http_1_1;
    if (all.contains_token("connection", "close")) return false;
    return v == version::http_1_1 || all.contains_token("connection", "keep-alive");
}

} // namespace

std::optional<refusal> check_head(request_head& head, bool may_have_empty_host, message_facts& facts) {
    facts = {};
    if (!head.target.finish(head.method)) return bad("an invalid request target");
    const framing_fields found{head.fields};
    if (auto refused = check_host(head, found, may_have_empty_host)) return refused;
    if (found.codings != 0) {
        if (auto refused = check_coding(head.fields, head.version, found)) return refused;
        facts.chunked = true;
    }
    if (found.lengths != 0)
        if (auto refused = check_length(found, facts)) return refused;
    if (found.expects)
        if (auto refused = check_expect(head, facts)) return refused;
    facts.keep_alive = keeps_alive(head.fields, head.version, found);
    return {};
}

std::optional<refusal> check_head(const response_head& head, version v, method m, message_facts& facts) {
    facts = {};
    const framing_fields found{head.fields};
    facts.keep_alive = keeps_alive(head.fields, v, found);
    if (opens_tunnel(head.status, m)) {
        facts.content_length = 0; // whatever its fields say
        return {};
    }
    // llhttp takes neither both fields nor a length that is none, also where there is no body for them.
    if (found.lengths != 0 && found.codings != 0) return bad("both Transfer-Encoding and Content-Length");
    if (found.lengths != 0)
        if (auto refused = check_length(found, facts)) return refused;
    if (!has_body(head.status, m)) {
        // A server that says otherwise of a 204 may well send what it says.
        if (head.status == status::no_content &&
            (found.codings != 0 || facts.content_length.value_or(0) != 0))
            facts.keep_alive = false;
        facts.content_length = 0;
    } else if (found.codings != 0) {
        if (auto refused = check_coding(head.fields, v, found)) return refused;
        facts.chunked = true;
    } else if (!facts.content_length) {
        facts.until_close = true;
        facts.keep_alive = false;
    }
    return {};
}

} // namespace rill::detail

#include <rill/http/error.hpp>
#include <rill/http/fields.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace std::literals;

namespace {

std::string listing(const rill::fields& fields) {
    std::string out;
    for (const auto& [name, value] : fields) out.append(name).append("=").append(value).append("|");
    return out;
}

std::error_code failure_of_add(std::string_view name, std::string_view value) {
    rill::fields fields;
    try {
        fields.add(name, value);
    } catch (const rill::error& e) {
        CHECK(fields.empty());
        return e.code();
    }
    return {};
}

} // namespace

TEST_CASE("fields keep their order, their repetitions and the case of their names") {
    rill::fields fields;
    fields.add("B", "1");
    fields.add("a", "2");
    fields.add("b", "3");
    CHECK(listing(fields) == "B=1|a=2|b=3|");
    CHECK(fields.size() == 3);
    CHECK(fields.bytes() == 6);
}

TEST_CASE("names match whatever their case, and the first value is found") {
    rill::fields fields;
    fields.add("Accept", "1");
    fields.add("ACCEPT", "2");
    CHECK(fields.find("accept") == "1");
    CHECK(fields["aCCept"] == "1");
    CHECK(fields.all("accept") == std::vector{"1"sv, "2"sv});
    CHECK(fields.contains("ACCEPt"));
    CHECK_FALSE(fields.contains("accep"));
    CHECK_FALSE(fields.find("accepts"));
    CHECK(fields.all("x").empty());
}

TEST_CASE("a value loses the white space at its ends and none inside") {
    rill::fields fields;
    fields.add("a", " \t b \t c\t ");
    fields.add("empty", "");
    fields.add("blank", " \t");
    CHECK(listing(fields) == "a=b \t c|empty=|blank=|");
    CHECK(fields.find("empty") == ""sv);
}

TEST_CASE("setting replaces all fields of the name, and erasing takes them away") {
    rill::fields fields;
    fields.add("a", "first");
    fields.add("b", "2");
    fields.add("A", "third");
    fields.add("c", "4");
    fields.set("a", "new");
    CHECK(listing(fields) == "b=2|c=4|a=new|");
    CHECK(fields.bytes() == 8);
    CHECK(fields.erase("C") == 1);
    CHECK(fields.erase("C") == 0);
    CHECK(listing(fields) == "b=2|a=new|");
    CHECK(fields.erase("b") == 1);
    CHECK(fields.erase("a") == 1);
    CHECK(fields.empty());
    CHECK(fields.bytes() == 0);
}

TEST_CASE("a name that is no token is refused") {
    for (const auto name : {""sv, " "sv, "a b"sv, "a:"sv, ":a"sv, "a\r"sv, "a\n"sv, "a\0"sv, "a\t"sv, "a("sv,
                            "\"a\""sv, "a/b"sv, "a@b"sv, "\x7f"sv, "\xc3\xa9"sv, "{a}"sv}) {
        CAPTURE(name);
        CHECK(failure_of_add(name, "x") == rill::http_errc::invalid_field_name);
    }
    CHECK_FALSE(failure_of_add("!#$%&'*+-.^_`|~09azAZ", "x"));
}

TEST_CASE("a value that could begin another field or message is refused, at its ends too") {
    for (const auto value : {"\r"sv, "\n"sv, "a\r\nSet-Cookie: x"sv, "a\rb"sv, "a\n"sv, "\na"sv, "\0"sv,
                             "a\0b"sv, "\x01"sv, "\x1f"sv, "\x7f"sv, "\x0b"sv, "a\r\n b"sv}) {
        CAPTURE(value);
        CHECK(failure_of_add("a", value) == rill::http_errc::invalid_field_value);
    }
    CHECK_FALSE(failure_of_add("a", "tab\tquote\" \x80\xff \xc3\xa9"));
}

TEST_CASE("setting a bad value leaves the old one") {
    rill::fields fields;
    fields.add("a", "old");
    CHECK_THROWS_AS(fields.set("a", "\n"), rill::error);
    CHECK(listing(fields) == "a=old|");
}

TEST_CASE("a token is found among the lists of all fields, whole and whatever its case") {
    rill::fields fields;
    fields.add("Connection", "keep-alive, ,\tUpgrade ,");
    fields.add("connection", "close");
    for (const auto token : {"keep-alive", "UPGRADE", "Close"})
        CHECK(fields.contains_token("connection", token));
    for (const auto token : {"keep", "alive", "upgrade ,", "keep-alive, ,\tUpgrade ,", "closed"})
        CHECK_FALSE(fields.contains_token("connection", token));
    CHECK_FALSE(fields.contains_token("upgrade", "close"));
}

TEST_CASE("clearing keeps the memory, and shrinking gives it back") {
    rill::fields fields;
    for (int i = 0; i < 50; ++i) fields.add("name-of-some-length", "value of some length");
    fields.clear();
    CHECK(fields.empty());
    CHECK(fields.bytes() == 0);
    CHECK_FALSE(fields.begin() != fields.end());
    fields.add("a", "b");
    fields.shrink_to_fit();
    CHECK(listing(fields) == "a=b|");
}

TEST_CASE("a parser takes a head in, and says which of its bytes are what") {
    rill::fields fields;
    const auto name = [&fields](std::string_view piece) { fields.extend_name(fields.take(piece)); };
    const auto value = [&fields](std::string_view piece) { fields.extend_value(fields.take(piece)); };
    fields.take("HTTP/1.1 200 OK\r\n");
    for (const auto piece : {"Na", "m", "e"}) name(piece);
    fields.take(":");
    for (const auto piece : {" ", "\t", "a ", "", " b", " ", "\t"}) value(piece);
    fields.finish();
    fields.take("\r\n");
    name("Empty");
    value("");
    fields.finish();
    name("None");
    fields.finish();
    name("Blank");
    value(" ");
    value("\t ");
    fields.finish();
    name("Last");
    value("x");
    fields.finish();
    CHECK(listing(fields) == "Name=a  b|Empty=|None=|Blank=|Last=x|");
    CHECK(fields.erase("none") == 1);
    CHECK(fields.erase("name") == 1);
    CHECK(listing(fields) == "Empty=|Blank=|Last=x|");
    fields.set("Empty", "no more");
    CHECK(listing(fields) == "Blank=|Last=x|Empty=no more|");
    CHECK(fields.erase("blank") == 1);
    CHECK(listing(fields) == "Last=x|Empty=no more|");
    name("half");
    fields.clear();
    const auto whole = fields.take("n: v");
    fields.extend_name(whole.substr(0, 1));
    fields.extend_value(whole.substr(2));
    fields.finish();
    CHECK(listing(fields) == "n=v|");
}

TEST_CASE("what is known to be a field is added as it is") {
    rill::fields fields;
    fields.add_unchecked("a", "b");
    fields.add_unchecked("C", "");
    CHECK(listing(fields) == "a=b|C=|");
}

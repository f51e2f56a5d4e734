#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdio>
#include <mutex>
#include <sstream>
#include <string>

namespace {

/// Says once more on stderr, and last of all, what has failed: CI shows the end of a long log only, and that
/// is what the servers under test have written there.
class failures_at_the_end final : public doctest::IReporter {
public:
    explicit failures_at_the_end(const doctest::ContextOptions& /*options*/) {}

    void test_case_start(const doctest::TestCaseData& now) override { name_ = now.m_name; }
    void test_case_reenter(const doctest::TestCaseData& /*now*/) override {}
    void test_case_end(const doctest::CurrentTestCaseStats& /*ended*/) override {}
    void test_case_exception(const doctest::TestCaseException& e) override {
        const std::lock_guard lock{mutex_};
        text_ << name_ << ": threw " << e.error_string << '\n';
    }
    void log_assert(const doctest::AssertData& a) override {
        if (!a.m_failed) return;
        const std::lock_guard lock{mutex_};
        text_ << name_ << "\n  " << a.m_file << ':' << a.m_line << ": " << a.m_expr << ": "
              << (a.m_threw ? a.m_exception : a.m_decomp) << '\n';
        for (int i = 0; i < doctest::IReporter::get_num_active_contexts(); ++i) {
            text_ << "    ";
            doctest::IReporter::get_active_contexts()[i]->stringify(&text_);
            text_ << '\n';
        }
    }
    void log_message(const doctest::MessageData& /*message*/) override {}
    void subcase_start(const doctest::SubcaseSignature& /*now*/) override {}
    void subcase_end() override {}
    void report_query(const doctest::QueryData& /*query*/) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats& /*run*/) override {
        if (const auto all = text_.str(); !all.empty())
            std::fputs(("\nWhat has failed:\n" + all).c_str(), stderr);
    }
    void test_case_skipped(const doctest::TestCaseData& /*skipped*/) override {}

private:
    std::mutex mutex_;
    const char* name_ = "";
    std::ostringstream text_;
};

REGISTER_LISTENER("failures", 1, failures_at_the_end);

} // namespace

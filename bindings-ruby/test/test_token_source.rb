# frozen_string_literal: true

require_relative "helper"

# Tokens that a program supplies.
class TestTokenSource < KopoKopoTest
  def with_source(source = nil, &block)
    KopoKopo::Client.with_token_source(source, base_url: sandbox.base_url, &block)
  end

  def test_a_block_or_an_object_supplies_tokens_and_is_asked_once
    token = client.oauth.token.access_token
    asked = 0
    k2 = with_source { (asked += 1) && KopoKopo::AccessToken.new(token: token, expires_in: 3600.0) }
    threads = Array.new(4) { Thread.new { k2.incoming_payments.create(**push) } }
    threads.each(&:join)
    assert_equal 1, asked
    assert_kind_of String, with_source(-> { token }).incoming_payments.create(**push).id
  end

  def test_a_source_may_use_a_client_of_its_own
    inner = client
    k2 = with_source(-> { with_source { inner.oauth.token.access_token }.then { inner.oauth.token.access_token } })
    assert_kind_of String, k2.incoming_payments.create(**push).id
  end

  def test_a_source_that_fails_fails_the_call_without_its_text
    [-> { raise "canary" }, -> { 7 }, -> { Thread.current.kill }, -> { throw :canary }].each do |source|
      error = assert_raises(KopoKopo::AuthenticationError) { with_source(source).incoming_payments.create(**push) }
      refute_includes error.message, "canary"
    end
    assert_empty requests(CREATE)
  end

  def test_what_is_no_source_is_refused
    assert_equal "token_source", assert_raises(KopoKopo::ConfigurationError) { with_source(7) }.field
    assert_equal "token_source", assert_raises(KopoKopo::ConfigurationError) { with_source }.field
  end

  def test_a_wait_for_a_source_can_be_interrupted
    k2 = with_source { sleep }
    assert_raises(Timeout::Error) { Timeout.timeout(0.3) { k2.incoming_payments.create(**push) } }
    assert_empty requests(CREATE)
  end
end

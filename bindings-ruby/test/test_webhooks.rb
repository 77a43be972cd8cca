# frozen_string_literal: true

require "stringio"
require_relative "helper"

# Signatures of raw bodies.
class TestWebhooks < KopoKopoTest
  KEY = "a-key-of-a-test"

  def verifier
    @verifier ||= KopoKopo::WebhookVerifier.new(api_keys: [KEY])
  end

  def test_a_signed_body_becomes_an_event
    body = payload("result-incoming-payment-success")
    event = verifier.verify(body, KopoKopo.sign_webhook(KEY, body))
    assert_equal "incoming_payment", event.payload.kind.to_s
    # Whatever its encoding says.
    assert_equal event, verifier.verify(body.dup.force_encoding("UTF-8"), KopoKopo.sign_webhook(KEY, body))
  end

  def test_another_body_or_signature_is_refused
    body = payload("result-incoming-payment-success")
    signature = KopoKopo.sign_webhook(KEY, body)
    assert_raises(KopoKopo::SignatureError) { verifier.verify("#{body} ", signature) }
    assert_raises(KopoKopo::SignatureError) { verifier.verify(body, signature.tr("0-9", "1-90")) }
    assert_raises(KopoKopo::SignatureError) { verifier.verify(body, nil) }
    assert_raises(KopoKopo::SignatureError) { verifier.verify(body, "\xff".b * 64) }
  end

  def test_what_is_no_raw_body_is_refused_with_the_remedy
    [nil, StringIO.new("{}"), {}, :text].each do |body|
      error = assert_raises(KopoKopo::InvalidRequestError) { verifier.verify(body, "0" * 64) }
      assert_equal "body", error.field
      assert_includes error.detail, "request.raw_post in Rails"
    end
    assert_equal "signature", assert_raises(KopoKopo::InvalidRequestError) { verifier.verify("{}", 7) }.field
  end

  def test_a_large_body_is_verified_while_other_threads_run
    body = "{\"topic\": \"#{"a" * 5_000_000}\"}"
    signature = KopoKopo.sign_webhook(KEY, body)
    assert_nil verifier.verify_signature(body, signature)
    assert_raises(KopoKopo::SignatureError) { verifier.verify_signature("#{body} ", signature) }
  end

  def test_an_authentic_body_that_cannot_be_read_is_a_decode_error
    assert_raises(KopoKopo::DecodeError) { verifier.verify("no json", KopoKopo.sign_webhook(KEY, "no json")) }
  end
end

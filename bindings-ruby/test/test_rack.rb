# frozen_string_literal: true

require "rack"
require "rack/test"
require "sinatra/base"
require_relative "helper"
require "kopokopo/sinatra"

# Webhooks through Rack's endpoint and middleware, and Sinatra.
class TestRack < KopoKopoTest
  KEY = "a-key-of-a-test"
  VERIFIER = KopoKopo::WebhookVerifier.new(api_keys: [KEY], max_body: 100_000)

  # A Sinatra application.
  class Shop < Sinatra::Base
    set :environment, :test
    helpers KopoKopo::Sinatra
    post("/k2/results") { kopokopo_event(VERIFIER).topic }
  end

  attr_reader :last_response

  def apps
    middleware = ::Rack::Builder.app do
      use KopoKopo::Rack::Middleware, verifier: VERIFIER, paths: ["/k2/results"]
      run ->(env) { [200, {}, [env.fetch(KopoKopo::Rack::Middleware::EVENT).topic]] }
    end
    { endpoint: KopoKopo::Rack::Endpoint.new(VERIFIER) { |event| @seen << event }, middleware: middleware, sinatra: Shop.new }
  end

  def deliver(body, signature = KopoKopo.sign_webhook(KEY, body), **env)
    headers = { "CONTENT_TYPE" => "application/json", "HTTP_X_KOPOKOPO_SIGNATURE" => signature, **env }.compact
    session = ::Rack::Test::Session.new(@app)
    session.post("/k2/results", body, headers)
    @last_response = session.last_response
  end

  def each_app
    apps.each do |name, found|
      @seen = []
      @app = found
      yield name
    end
  end

  def test_a_verified_event_reaches_the_program
    body = payload("result-incoming-payment-success")
    each_app do |name|
      assert_equal 200, deliver(body).status, name
      assert_equal "incoming_payment", name == :endpoint ? @seen.first.topic : last_response.body
    end
  end

  def test_other_requests_do_not_reach_it
    body = payload("result-incoming-payment-success")
    each_app do |name|
      assert_equal 401, deliver(body, "0" * 64).status, name
      assert_equal 401, deliver(body, nil).status, name
      assert_equal 401, deliver("#{body} ", KopoKopo.sign_webhook(KEY, body)).status, name
      assert_equal 400, deliver("no json").status, name
      assert_equal 413, deliver("a" * 100_001).status, name
      assert_equal 413, deliver("a" * 100_001, "0" * 64, "CONTENT_LENGTH" => "").status, name
      assert_empty @seen
      refute_includes last_response.body, "signature has"
    end
  end

  def test_a_body_that_was_read_before_names_the_remedy
    input = StringIO.new("")
    input.instance_eval { undef rewind } if input.respond_to?(:rewind)
    env = { "REQUEST_METHOD" => "POST", "CONTENT_LENGTH" => "7", "rack.input" => input }
    error = assert_raises(KopoKopo::InvalidRequestError) { apps[:endpoint].call(env) }
    assert_includes error.detail, "it was read before"
  end

  def test_an_incomplete_body_is_refused
    env = { "REQUEST_METHOD" => "POST", "CONTENT_LENGTH" => "7", "rack.input" => StringIO.new("{}") }
    assert_equal 400, apps[:endpoint].call(env).first
  end

  def test_an_endpoint_takes_posts_only
    @app = KopoKopo::Rack::Endpoint.new(VERIFIER) { flunk }
    assert_equal 405, @app.call("REQUEST_METHOD" => "GET").first
  end

  def test_an_unreadable_body_can_be_kept
    kept = []
    @app = KopoKopo::Rack::Endpoint.new(VERIFIER, on_unreadable: ->(body, error) { kept << [body, error.class] }) { flunk }
    assert_equal 200, deliver("no json").status
    assert_equal [["no json", KopoKopo::DecodeError]], kept
  end

  def test_a_journal_observes_first_and_its_failure_is_a_500
    failing = Object.new
    def failing.observe(_) = raise(KopoKopo::JournalError, "the disk is full")
    @app = KopoKopo::Rack::Endpoint.new(VERIFIER, journal: failing) { flunk }
    assert_equal 500, deliver(payload("result-incoming-payment-success")).status
  end

  def test_the_middleware_compares_paths_as_routers_do
    app = ->(env) { [200, {}, [env[KopoKopo::Rack::Middleware::EVENT]&.topic.inspect]] }
    middleware = KopoKopo::Rack::Middleware.new(app, verifier: VERIFIER, paths: ["/k2/results", "/hooks/"])
    call = lambda do |path, body, signature|
      middleware.call("REQUEST_METHOD" => "POST", "PATH_INFO" => path, "rack.input" => StringIO.new(body), KopoKopo::Rack::HEADER => signature)
    end
    body = payload("result-incoming-payment-success")
    %w[/k2/results /k2/results/ //k2//results /k2/results.json /k2/%72esults /k2%2Fresults /k2/results.json/ k2/results /hooks /hooks/].each do |path|
      assert_equal 401, call.call(path, body, "0" * 64).first, path
      assert_equal [200, ['"incoming_payment"']], call.call(path, body, KopoKopo.sign_webhook(KEY, body)).values_at(0, 2), path
    end
    ["/k2", "/k2/results2", "/k2/results/1", "/", "", "/%ff%zz"].each { |path| assert_equal ["nil"], call.call(path, body, nil).last, path }
    assert_equal ["nil"], middleware.call("REQUEST_METHOD" => "GET", "PATH_INFO" => "/k2/results").last
  end

  def test_paths_that_would_match_nothing_are_refused
    ["/k2/results", nil, [], [:"/k2"], ["k2/results"], [nil], { "/k2" => 1 }].each do |paths|
      error = assert_raises(KopoKopo::ConfigurationError) { KopoKopo::Rack::Middleware.new(nil, verifier: VERIFIER, paths: paths) }
      assert_equal "paths", error.field
      assert_includes error.detail, "array of strings that begin with a slash"
    end
  end

  def test_wrong_options_are_refused_before_the_first_webhook
    wrong = { journal: [true, Object.new, client], on_unreadable: [true, "keep"] }
    makers = [
      ->(**options) { KopoKopo::Rack::Endpoint.new(VERIFIER, **options) { flunk } },
      ->(**options) { KopoKopo::Rack::Middleware.new(nil, verifier: VERIFIER, paths: ["/"], **options) },
    ]
    wrong.each do |name, values|
      values.product(makers) do |value, make|
        assert_equal name.to_s, assert_raises(KopoKopo::ConfigurationError) { make.call(name => value) }.field
      end
    end
  end

  def test_a_logger_that_fails_does_not_replace_the_refusal
    KopoKopo.logger = Object.new
    capture_io { each_app { |name| assert_equal 401, deliver("{}", "0" * 64).status, name } }
  ensure
    KopoKopo.logger = nil
  end

  def test_a_wrong_set_up_is_named
    assert_equal "verifier", assert_raises(KopoKopo::ConfigurationError) { KopoKopo::Rack::Endpoint.new("key") { next } }.field
    assert_equal "handler", assert_raises(KopoKopo::ConfigurationError) { KopoKopo::Rack::Endpoint.new(VERIFIER) }.field
  end
end

# frozen_string_literal: true

require "json"
require "net/http"
require "tmpdir"
require_relative "helper"

# The example token endpoint in Puma, and a client without a secret that uses its tokens.
class TestExampleTokenEndpoint < KopoKopoTest
  REFUSED = '{"refused": true}'
  TOKEN = "oauth.token"

  def setup
    @folder = Dir.mktmpdir
    socket = TCPServer.new("127.0.0.1", 0)
    @port = socket.addr[1]
    socket.close
    environment = sandbox.env
    environment["APP_SESSIONS"] = Array.new(10) { |number| "user#{number}=session-of-user#{number}" }.join(",")
    lib = File.expand_path("../lib", __dir__)
    @log = "#{@folder}/log"
    command = ["puma", "--threads", "1:12", "--bind", "tcp://127.0.0.1:#{@port}"]
    @server = spawn({ **environment, "RUBYLIB" => lib }, *command, chdir: File.expand_path("../examples/token_endpoint", __dir__), %i[out err] => @log)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 30
    until ask(nil)
      flunk "the endpoint does not start: #{File.read(@log)}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
      sleep 0.05
    end
    @asked = 0
  end

  def teardown
    Process.kill(:TERM, @server)
    Process.wait(@server)
    FileUtils.remove_entry(@folder)
  end

  def test_an_app_without_a_secret_receives_a_payment
    app = client("session-of-user0")
    assert_predicate app.incoming_payments.create(**PUSH).wait(interval: 0.02), :paid?, File.read(@log)
    assert_equal [1, 1], [@asked, fetches]
    owner = KopoKopo::Client.new(**sandbox.credentials)
    owner.oauth.revoke(JSON.parse(ask("session-of-user1").body)["token"])
    assert_predicate app.incoming_payments.create(**PUSH).wait(interval: 0.02), :paid?
    assert_equal [2, 2], [@asked, fetches]
    refute_includes File.read(@log), sandbox.credentials[:client_secret]
  end

  def test_the_response_has_the_fields_that_apps_read
    response = ask("session-of-user0")
    body = JSON.parse(response.body)
    assert_equal ["200", %w[expires_in token], "no-store"], [response.code, body.keys.sort, response["cache-control"]]
    assert_includes 3500..3600, body["expires_in"]
  end

  def test_a_request_without_a_valid_session_is_a_401
    [nil, "", "session-of-user", "sessi\xF3n".b].each do |session|
      response = ask(session)
      assert_equal ["401", '{"error":"sign in first"}', "no-store"], [response.code, response.body, response["cache-control"]]
    end
    assert_equal 0, fetches
    assert_raises(KopoKopo::AuthenticationError) { client("unknown-session").incoming_payments.create(**PUSH) }
  end

  def test_requests_and_refusals_are_limited
    codes = ["", REFUSED, REFUSED, "", "", "", ""].map { |body| ask("session-of-user0", body).code }
    assert_equal %w[200 200 429 200 200 200 429], codes
    assert_includes "1".."60", ask("session-of-user0")["retry-after"]
    assert_equal "200", ask("session-of-user1").code
    assert_equal 2, fetches
  end

  def test_concurrent_requests_share_one_fetch
    sandbox.fault(operation: TOKEN, kind: "delay", delay_ms: 300)
    tokens = Array.new(10) { |number| Thread.new { JSON.parse(ask("session-of-user#{number}").body).fetch("token") } }.map(&:value)
    assert_equal [1, 1], [tokens.uniq.size, fetches]
  end

  def test_it_is_a_503_without_details_if_no_token_comes
    sandbox.fault(operation: TOKEN, kind: "status", status: 500, body: "CANARY", times: nil)
    response = ask("session-of-user0")
    assert_equal ["503", '{"error":"no token available"}'], [response.code, response.body]
    refute_includes File.read(@log), "CANARY"
  end

  def test_other_bodies_and_paths_are_refused
    assert_equal %w[413 400 200], [" " * 1001, "{", "[]"].map { |body| ask("session-of-user0", body).code }
    assert_equal "404", Net::HTTP.get_response("127.0.0.1", "/other", @port).code
  end

  private

  def fetches
    requests(TOKEN).size
  end

  def ask(session, body = "")
    request = Net::HTTP::Post.new("/k2/token")
    request["authorization"] = "Bearer #{session}" unless session.nil?
    request.content_type = "application/json"
    request.body = body
    Net::HTTP.start("127.0.0.1", @port) { |http| http.request(request) }
  rescue Errno::ECONNREFUSED
    nil
  end

  # A client whose token source asks the endpoint, as an app does.
  def client(session)
    expires_at = 0
    clock = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }
    source = lambda do
      @asked += 1
      response = ask(session, clock.call < expires_at - 300 ? REFUSED : "")
      raise "no token from the endpoint: #{response.code}" unless response.code == "200"

      token, left = JSON.parse(response.body).values_at("token", "expires_in")
      expires_at = clock.call + left
      token
    end
    KopoKopo::Client.with_token_source(base_url: sandbox.base_url, &source)
  end
end

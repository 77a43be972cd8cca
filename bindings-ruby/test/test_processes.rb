# frozen_string_literal: true

require_relative "helper"

# Clients work in forks, and on many threads.
class TestProcesses < KopoKopoTest
  def test_a_client_works_in_a_fork_and_in_the_parent
    k2 = client
    k2.incoming_payments.create(**push)
    10.times do
      assert_match(/\A[0-9a-f-]{36}\z/, in_child { k2.incoming_payments.create(**push).id })
      k2.incoming_payments.create(**push)
    end
    assert_equal 21, requests(CREATE).size
  end

  def test_a_fork_during_a_call_works
    sandbox.fault(operation: CREATE, kind: "delay", delay_ms: 700)
    k2 = client
    thread = Thread.new { k2.incoming_payments.create(**push).id }
    sandbox.wait_for_request(CREATE)
    assert_match(/\A[0-9a-f-]{36}\z/, in_child { k2.incoming_payments.create(**push).id })
    assert_match(/\A[0-9a-f-]{36}\z/, thread.value)
  end

  # It forks without the hook of `fork`, and the parent ends.
  def test_a_client_works_after_daemon
    token = client.oauth.token.access_token
    [client, KopoKopo::Client.with_token_source(base_url: sandbox.base_url) { token }].each do |k2|
      k2.incoming_payments.create(**push)
      assert_match(/\A[0-9a-f-]{36}\z/, in_daemon { k2.incoming_payments.create(**push).id })
    end
    assert_equal 4, requests(CREATE).size
  end

  def test_a_token_source_works_in_a_fork
    token = client.oauth.token.access_token
    k2 = KopoKopo::Client.with_token_source(base_url: sandbox.base_url) { token }
    k2.incoming_payments.create(**push)
    assert_match(/\A[0-9a-f-]{36}\z/, in_child { k2.incoming_payments.create(**push).id })
  end

  def test_threads_share_a_client
    k2 = client
    ids = Array.new(10) { Thread.new { Array.new(5) { k2.incoming_payments.create(**push).id } } }.flat_map(&:value)
    assert_equal 50, ids.uniq.size
  end

  def test_the_program_ends_during_a_call
    hanging
    script = <<~RUBY
      require "kopokopo"
      k2 = KopoKopo::Client.new(**#{sandbox.credentials.inspect})
      Thread.new { k2.incoming_payments.create(**#{push.inspect}) }
      sleep 0.5
    RUBY
    assert system(RbConfig.ruby, "-I", File.expand_path("../lib", __dir__), "-e", script)
  end
end

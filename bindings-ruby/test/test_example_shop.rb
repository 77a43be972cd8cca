# frozen_string_literal: true

require "json"
require "net/http"
require "timeout"
require "tmpdir"
require_relative "helper"

# The example shop takes a payment on the sandbox, in a Puma cluster that loads it before it forks.
class TestExampleShop < KopoKopoTest
  def setup
    @folder = Dir.mktmpdir
    socket = TCPServer.new("127.0.0.1", 0)
    @port = socket.addr[1]
    socket.close
    @log = "#{@folder}/log"
    start
  end

  def start
    environment = sandbox.env
    environment.update("SHOP_DATABASE" => "#{@folder}/shop.db", "SHOP_URL" => "http://127.0.0.1:#{@port}")
    command = ["puma", "--preload", "--workers", "2", "--threads", "1:4", "--bind", "tcp://127.0.0.1:#{@port}"]
    lib = File.expand_path("../lib", __dir__)
    @server = spawn({ **environment, "RUBYLIB" => lib }, *command, chdir: File.expand_path("../examples/shop", __dir__), %i[out err] => @log)
    poll("the shop does not start") { request("get", "/orders/0") }
  end

  def teardown
    stop
  ensure
    FileUtils.remove_entry(@folder)
  end

  def stop
    Process.kill(:TERM, @server)
    # A worker of Puma 6 with Ruby 3.3 sometimes ignores it, whatever the application is. Workers end without their server.
    Timeout.timeout(5) { Process.wait(@server) }
  rescue Timeout::Error
    Process.kill(:KILL, @server)
    Process.wait(@server)
  end

  def test_a_customer_pays_once
    id = JSON.parse(request("post", "/orders", total: "100.00").body).fetch("id")
    answers = Array.new(4) { Thread.new { request("post", "/orders/#{id}/pay", phone_number: "254700000001").code } }.map(&:value)
    assert_equal ["202"], answers.uniq, File.read(@log)
    poll("the order is not paid: #{File.read(@log)}") { order(id)["status"] == "paid" }
    assert_equal 1, order(id)["payments"]
    assert_equal 1, requests(CREATE).size
  end

  def test_a_customer_pays_after_a_wrong_number_and_a_cancelled_prompt_and_a_restart
    id = JSON.parse(request("post", "/orders", total: "100.00").body).fetch("id")
    response = request("post", "/orders/#{id}/pay", phone_number: "1")
    assert_equal ["422", "phone_number"], [response.code, JSON.parse(response.body)["field"]]
    assert_empty requests(CREATE)
    assert_equal "202", request("post", "/orders/#{id}/pay", phone_number: "254700000002").code
    poll("the cancelled prompt has no result: #{File.read(@log)}") { order(id)["status"] == "new" }
    stop
    start
    assert_equal "202", request("post", "/orders/#{id}/pay", phone_number: "254700000001").code
    poll("the order is not paid: #{File.read(@log)}") { order(id)["status"] == "paid" }
    assert_equal "409", request("post", "/orders/#{id}/pay", phone_number: "254700000001").code
    assert_equal 2, requests(CREATE).size
  end

  def test_a_total_that_is_not_positive_is_refused
    ["0", "-1", "0.001", "abc", "1e", "NaN"].each { |total| assert_equal "422", request("post", "/orders", total: total).code, total }
  end

  def test_a_forged_result_pays_nothing
    id = JSON.parse(request("post", "/orders", total: "100.00").body).fetch("id")
    assert_equal "401", request("post", "/k2/results", order_id: id).code
    assert_equal "new", order(id)["status"]
  end

  private

  def order(id)
    JSON.parse(request("get", "/orders/#{id}").body)
  end

  def request(method, path, body = nil)
    found = Net::HTTP.const_get(method.capitalize).new(path, "content-type" => "application/json", "host" => "localhost")
    found.body = JSON.generate(body) if body
    Net::HTTP.start("127.0.0.1", @port) { |http| http.request(found) }
  rescue Errno::ECONNREFUSED
    nil
  end

  def poll(message)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 20
    until yield
      flunk "#{message} #{File.read(@log)}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
      sleep 0.05
    end
  end
end

# frozen_string_literal: true

require "open3"
require "tmpdir"
require_relative "helper"

# The Ruby code of the README runs unchanged with a sandbox.
class TestReadme < KopoKopoTest
  README = File.expand_path("../README.md", __dir__)

  # Delivers a result to the endpoint of the README.
  DELIVERY = <<~'RUBY'
    body = File.binread(ENV.fetch("BODY"))
    [KopoKopo.sign_webhook(ENV.fetch("K2_API_KEY"), body), "0" * 64].each do |signature|
      env = { "REQUEST_METHOD" => "POST", "rack.input" => StringIO.new(body), "HTTP_X_KOPOKOPO_SIGNATURE" => signature }
      puts "status #{RESULTS.call(env).first}"
    end
  RUBY

  def test_its_snippets_run
    Dir.mktmpdir do |folder|
      code = File.read(README).scan(/^```ruby\n(.*?)^```/m).join("\n").gsub("/var/lib/shop", folder)
      environment = sandbox.env
      environment["BODY"] = File.join(ROOT, "tests/vectors/payloads/result-incoming-payment-success.json")
      # The sandbox needs no pauses between polls.
      quick = "module Kernel; alias old_sleep sleep; def sleep(seconds) = old_sleep([seconds, 0.02].min); end\n"
      lib = File.expand_path("../lib", __dir__)
      output, errors, status = Open3.capture3(environment, RbConfig.ruby, "-I", lib, "-", stdin_data: "#{quick}#{code}\n#{DELIVERY}")
      assert_predicate status, :success?, errors
      assert_match(/\Atrue\n\[\]\n/, output)
      ["Failed", "must be greater than zero", "status 200", "status 401"].each { |text| assert_includes output, text }
      assert_match(/credit order|ignored incoming_payment/, output)
      assert_equal 1, requests("send_money.create").count { |request| request.body.to_s.include?("wage-7") }
    end
  end

  def test_its_table_of_errors_has_every_class
    text = File.read(README)
    KopoKopo.constants.map { |name| KopoKopo.const_get(name) }.grep(Class).select { |found| found < KopoKopo::Error }.each do |error|
      assert_includes text, "`#{error.name.split("::").last}`"
      assert_includes text, "`#{error::KIND}`"
    end
  end
end

# frozen_string_literal: true

require_relative "../kopokopo"

module KopoKopo
  # Tests with the sandbox: the Kopo Kopo API on this machine. It is loaded by `require "kopokopo/testing"`.
  #
  #     KopoKopo::Testing::Sandbox.start do |sandbox|
  #       k2 = sandbox.client
  #       push = k2.incoming_payments.create(
  #         till_number: "K000000", phone_number: "0712345678", amount: "100", callback_url: "https://shop.example/k2/results",
  #       )
  #       push.wait.paid? # => true
  #     end
  #
  # `kopokopo/testing/minitest` and `kopokopo/testing/rspec` give tests the methods `k2_sandbox` and `k2`.
  module Testing
    # The sandbox did not start, has ended, or refused a call of its control API.
    class SandboxError < StandardError
    end

    require_relative "testing/values"
    require_relative "testing/generated/words"
    require_relative "testing/generated/records"
    require_relative "testing/generated/controls"
    require_relative "testing/child"
    require_relative "testing/http"
    require_relative "testing/binary"
    require_relative "testing/sandbox"
    require_relative "testing/pool"

    @options = {}.freeze

    class << self
      # @return [Hash{Symbol => Object}] the options of the sandboxes that tests get from `k2_sandbox`
      attr_reader :options

      # Sets the options of the sandboxes that tests get from `k2_sandbox`: those of {Sandbox#initialize}. Set them before
      # the first test.
      #
      #     KopoKopo::Testing.options = { tills: { "K654321" => "5000" } }
      def options=(options)
        @options = Values.options(options)
      end
    end
  end
end

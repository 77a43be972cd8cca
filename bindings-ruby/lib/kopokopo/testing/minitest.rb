# frozen_string_literal: true

require_relative "../testing"

module KopoKopo
  module Testing
    # Gives the tests of Minitest, and so those of Rails, the methods {Helpers#k2_sandbox} and {Helpers#k2}. Each test begins
    # with an empty sandbox.
    #
    #     require "kopokopo/testing/minitest"
    #
    #     class CheckoutTest < Minitest::Test
    #       include KopoKopo::Testing::Minitest
    #     end
    module Minitest
      include Helpers

      # @private
      def before_setup
        super
        begin_k2_test
      end

      # @private
      def after_teardown
        super
      ensure
        end_k2_test
      end
    end
  end
end

# frozen_string_literal: true

require "rspec/core"
require_relative "../testing"

# Gives every example the methods `k2_sandbox` and `k2`. Each example begins with an empty sandbox.
RSpec.configure do |config|
  config.include KopoKopo::Testing::Helpers
  config.prepend_before { begin_k2_test }
  config.append_after { end_k2_test }
end

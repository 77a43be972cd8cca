# frozen_string_literal: true

require "kopokopo/testing"

ROOT = File.expand_path("../../..", __dir__)
# The sandbox of this repository.
ENV["K2_SANDBOX_BIN"] ||= File.join(ENV.fetch("CARGO_TARGET_DIR", File.join(ROOT, "target")), "debug/k2")
PUSH = {
  till_number: "K000000", phone_number: "0712345678", amount: "100", callback_url: "https://shop.example/k2/results",
}.freeze

# frozen_string_literal: true

# Runs all tests: `ruby test/all.rb`.

Dir[File.join(__dir__, "test_*.rb")].each { |file| require file }

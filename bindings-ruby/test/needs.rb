# frozen_string_literal: true

# Prints the version of Ruby if everything is here that the tests and the build need. Otherwise says what is missing.

missing = %w[minitest rails sqlite3 pg mysql2 sinatra/base rack/test puma sidekiq yard rbs rspec/core rspec/expectations].reject do |library|
  require library
rescue LoadError
  false
end
missing << "Ruby's headers" unless File.exist?(File.join(RbConfig::CONFIG["rubyhdrdir"], "ruby.h"))
missing << "redis-server" unless ENV.fetch("PATH").split(":").any? { |folder| File.exist?(File.join(folder, "redis-server")) }
missing << "libclang" if Dir["/usr/lib/llvm-*/lib/libclang*.so*"].empty? && ENV["LIBCLANG_PATH"].nil?

abort "missing: #{missing.join(", ")}" unless missing.empty?
puts RUBY_DESCRIPTION

# frozen_string_literal: true

# Builds the native library for this Ruby, and puts it where the package finds it: `ruby build.rb [PROFILE]`.

require "fileutils"
require "json"
require "rbconfig"

profile = ARGV.fetch(0, "dev")
root = File.expand_path("..", __dir__)
system("cargo", "build", "--locked", "--package", "kopokopo-ruby", "--profile", profile, chdir: root, exception: true)

metadata = IO.popen(%w[cargo metadata --no-deps --format-version 1 --offline], chdir: root, &:read)
target = JSON.parse(metadata).fetch("target_directory")
built = File.join(target, profile == "dev" ? "debug" : profile)
library = Dir[File.join(built, "libkopokopo_native.{so,dylib}")].first or abort "no library in #{built}"

folder = File.join(__dir__, "lib/kopokopo", RUBY_VERSION[/\A\d+\.\d+/])
FileUtils.mkdir_p(folder)
copy = File.join(folder, "kopokopo_native.#{RbConfig::CONFIG["DLEXT"]}")
# A program that has loaded the old file keeps it.
FileUtils.rm_f(copy)
FileUtils.cp(library, copy)

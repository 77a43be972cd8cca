# frozen_string_literal: true

# Makes the Makefile with which RubyGems compiles the gem from source. It needs Rust (https://rustup.rs), a C compiler, libclang and
# Ruby's headers.

require "fileutils"
require "rbconfig"

OLDEST_RUST = [1, 88].freeze

# In the gem the sources are in the folder `rust`. In the repository they are at its root.
inside = File.join(__dir__, "rust")
sources = File.directory?(inside) ? inside : File.expand_path("../../..", __dir__)
# RubyGems keeps what is left here, so a target folder of its own is removed after the installation.
target = ENV.fetch("CARGO_TARGET_DIR") { File.join(Dir.pwd, "target") }

version = begin
  IO.popen(%w[cargo --version], chdir: sources, err: File::NULL, &:read)[/\d+\.\d+/]
rescue SystemCallError
  nil
end
if version.nil? || (version.split(".").map(&:to_i) <=> OLDEST_RUST).negative?
  found = version ? "this is Rust #{version}" : "cargo was not found"
  abort "kopokopo is compiled with Rust #{OLDEST_RUST.join(".")} or newer, and #{found}: install Rust (https://rustup.rs), or use " \
        "the gem that is compiled for your platform (gem install kopokopo --platform #{Gem::Platform.local.cpu}-#{Gem::Platform.local.os})"
end
header = File.join(RbConfig::CONFIG["rubyhdrdir"], "ruby.h")
abort "kopokopo needs Ruby's headers, and #{header} does not exist: install ruby-dev or ruby-devel" unless File.exist?(header)

minor = RUBY_VERSION[/\A\d+\.\d+/]
suffix = RbConfig::CONFIG["host_os"].include?("darwin") ? "dylib" : "so"
quoted = ->(text) { "'#{text.gsub("'", "'\\\\''").gsub("$", "$$")}'" }

File.write("Makefile", <<~MAKE)
  sitearchdir = #{RbConfig::CONFIG["sitearchdir"]}
  folder = $(DESTDIR)$(sitearchdir)/kopokopo/#{minor}

  all:
  \tcd #{quoted[sources]} && RUBY=#{quoted[RbConfig.ruby]} CARGO_TARGET_DIR=#{quoted[target]} \\
  \t\tcargo build --locked --package kopokopo-ruby --profile addon || \\
  \t\t{ echo 'If libclang is missing: apt-get install clang libclang-dev (Debian), or set LIBCLANG_PATH'; exit 1; }

  install: all
  \tmkdir -p "$(folder)"
  \tcp #{quoted[File.join(target, "addon", "libkopokopo_native.#{suffix}")]} "$(folder)/kopokopo_native.#{RbConfig::CONFIG["DLEXT"]}"
  \t#{ENV.key?("CARGO_TARGET_DIR") ? "true" : "rm -rf #{quoted[target]}"}

  clean:
  \ttrue

  .PHONY: all install clean
MAKE

# frozen_string_literal: true

# Makes the gem for this platform, with a native library for the Ruby of this machine and for that of Debian trixie, and the gem that
# is compiled when it is installed. Each is installed where nothing else is, and tried: `ruby package.rb FOLDER`.

require "fileutils"
require "open3"
require "rubygems/package"
require "tmpdir"

LARGEST = 6_000_000
# The oldest glibc that the libraries may need. Debian 12, Ubuntu 22.04 and RHEL 9 have it or a newer one.
GLIBC = Gem::Version.new("2.34")
TRIXIE = "ruby,ruby-dev,clang,libclang-dev,libc6-dev,ca-certificates"
ROOT = File.expand_path("..", __dir__)
TARGET = ENV.fetch("CARGO_TARGET_DIR", File.join(ROOT, "target"))
# What a source gem has of the repository.
CRATES = %w[core udl bindings-ruby].freeze

def run(*command, **options)
  output, status = Open3.capture2e(*command, **options)
  abort "#{command.reject { |part| part.is_a?(Hash) }.join(" ")}:\n#{output}" unless status.success?
  output
end

# Runs a command in the Debian root. Returns nil if it cannot be made here.
def in_trixie(*command)
  script = [File.join(ROOT, "tests/in-trixie.sh"), TRIXIE, *command]
  output, status = Open3.capture2e("sh", *script)
  return nil if status.exitstatus == 77

  abort "#{command.join(" ")} in Debian trixie:\n#{output}" unless status.success?
  output
end

def built
  Dir[File.join(__dir__, "lib/kopokopo/[0-9]*/")]
end

# A library that is linked on a newer system may not load on an older one.
def check_libraries
  Dir[File.join(__dir__, "lib/kopokopo/[0-9]*/*.so")].each do |library|
    newest = File.binread(library).scan(/GLIBC_(2\.\d+)/).map { |found| Gem::Version.new(found.first) }.max
    abort "#{library} needs glibc #{newest}; expected #{GLIBC} or older" if newest && newest > GLIBC
  end
end

def make_gem(source, folder)
  name = run("gem", "build", "--strict", "kopokopo.gemspec", chdir: source)[/^ *File: (\S+)$/, 1]
  gem = File.join(folder, name)
  FileUtils.mv(File.join(source, name), gem)
  puts "#{File.basename(gem)}: #{File.size(gem)} bytes"
  abort "larger than #{LARGEST} bytes" if File.size(gem) > LARGEST
  gem
end

# A copy of the package without libraries, with the sources of the crates. What only the repository needs is left out: tests,
# benchmarks, and the other members of the workspace.
def copy_sources(folder)
  listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "bindings-ruby", chdir: ROOT).lines(chomp: true)
  listed.reject { |path| path.match?(%r{\Abindings-ruby/(src|test|benches|examples|Cargo)}) || !File.file?(File.join(ROOT, path)) }.each do |path|
    to = File.join(folder, path.delete_prefix("bindings-ruby/"))
    FileUtils.mkdir_p(File.dirname(to))
    FileUtils.cp(File.join(ROOT, path), to)
  end
  rust = File.join(folder, "ext/kopokopo/rust")
  CRATES.each { |crate| copy_crate(crate, File.join(rust, crate)) }
  manifest = File.read(File.join(ROOT, "Cargo.toml"))
  manifest = manifest.sub(/^members = .*$/, "members = #{CRATES.inspect}").gsub(/^(default-members|exclude) = .*\n/, "").sub(/^# Needs Ruby's headers.*\n/, "")
  File.write(File.join(rust, "Cargo.toml"), manifest.gsub(/^(k2|kopokopo-sandbox) = .*\n/, ""))
  FileUtils.cp(File.join(ROOT, "Cargo.lock"), rust)
  # Removes what the other members need, and changes no version.
  run("cargo", "update", "--quiet", "--workspace", "--offline", chdir: rust)
  FileUtils.rm_rf(File.join(rust, "target"))
end

def copy_crate(crate, to)
  FileUtils.mkdir_p(to)
  from = File.join(ROOT, crate)
  %w[src build.rs README.md kopokopo.udl mobile.rs scaffolding.rs uniffi.toml].each do |name|
    path = File.join(from, name)
    FileUtils.cp_r(path, to) if File.exist?(path) && !(crate == "bindings-ruby" && name != "src")
  end
  manifest = File.read(File.join(from, "Cargo.toml"))
  File.write(File.join(to, "Cargo.toml"), manifest.split(/^\[dev-dependencies\]$/).first)
end

# Installs a gem in an empty folder, and tries it with a sandbox.
def try(gem)
  Dir.mktmpdir do |home|
    environment = { "GEM_HOME" => home, "GEM_PATH" => "#{home}:#{Gem.default_dir}", "RUBYLIB" => nil, "RUBYOPT" => nil }
    run(environment, "gem", "install", "--local", "--no-document", "--ignore-dependencies", gem)
    puts run(environment, RbConfig.ruby, File.join(__dir__, "test/installed.rb"), home, chdir: home)
  end
end

if ARGV.first == "--try"
  try(File.expand_path(ARGV.fetch(1)))
  exit
end

folder = File.expand_path(ARGV.fetch(0))
FileUtils.mkdir_p(folder)

# What an earlier build left for other versions of Ruby would be in the gem.
FileUtils.rm_rf(built)
run(RbConfig.ruby, File.join(__dir__, "build.rb"), "addon")
has_trixie = !in_trixie("ruby", "bindings-ruby/build.rb", "addon").nil?
puts "left out: the library for the Ruby of Debian trixie, because no Debian root can be made here" unless has_trixie
check_libraries
gem = make_gem(__dir__, folder)
try(gem)
# The root has the repository and the target folder, and may not have this folder.
Dir.mktmpdir(nil, TARGET) do |shared|
  FileUtils.cp(gem, shared)
  puts in_trixie("ruby", "bindings-ruby/package.rb", "--try", File.join(shared, File.basename(gem))) if has_trixie
end

Dir.mktmpdir do |source|
  copy_sources(source)
  gem = make_gem(source, folder)
  # With what is compiled already.
  ENV["CARGO_TARGET_DIR"] = TARGET
  try(gem)
end

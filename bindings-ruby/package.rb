# frozen_string_literal: true

# Makes the gem for this platform and this Ruby, installs it where nothing else is, and tries it: `ruby package.rb FOLDER`.

require "fileutils"
require "open3"
require "rubygems/package"
require "tmpdir"

LARGEST = 3_000_000

folder = File.expand_path(ARGV.fetch(0))
FileUtils.mkdir_p(folder)

def run(*command, **options)
  output, status = Open3.capture2e(*command, **options)
  abort "#{command.reject { |part| part.is_a?(Hash) }.join(" ")}:\n#{output}" unless status.success?
  output
end

# What an earlier build left for other versions of Ruby would be in the gem.
FileUtils.rm_rf(Dir[File.join(__dir__, "lib/kopokopo/[0-9]*/")])
run(RbConfig.ruby, File.join(__dir__, "build.rb"), "addon")
specification = Gem::Specification.load(File.join(__dir__, "kopokopo.gemspec"))
gem = File.join(folder, specification.file_name)
run("gem", "build", "--strict", "--output", gem, "kopokopo.gemspec", chdir: __dir__)
size = File.size(gem)
puts "#{File.basename(gem)}: #{size} bytes"
abort "larger than #{LARGEST} bytes" if size > LARGEST

Dir.mktmpdir do |home|
  environment = { "GEM_HOME" => home, "GEM_PATH" => "#{home}:#{Gem.default_dir}", "RUBYLIB" => nil, "RUBYOPT" => nil }
  run(environment, "gem", "install", "--local", "--no-document", "--ignore-dependencies", gem)
  puts run(environment, RbConfig.ruby, File.join(__dir__, "test/installed.rb"), home, chdir: home)
end
